"""Models and their parts: finding, checking, loading and keeping what draws and what sees."""
