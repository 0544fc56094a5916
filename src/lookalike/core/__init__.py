"""The plain data and the small tools that every other room stands on; imports nothing heavy."""
