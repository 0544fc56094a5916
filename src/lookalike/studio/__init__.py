"""The studio: jobs that are never lost, a history to search, and both over HTTP."""
