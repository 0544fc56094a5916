"""The command line: thin commands over `Session`, quick to answer and with errors of one line."""
