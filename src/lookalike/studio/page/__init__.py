"""The page that people see: its files, and the addresses that it alone needs."""
