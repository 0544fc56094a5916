"""Jobs: accepted once, done at least once, and shown once."""
