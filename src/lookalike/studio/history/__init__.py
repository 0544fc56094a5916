"""The history: everything that was made or brought, found again by words and by likeness."""
