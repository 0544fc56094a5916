"""Figures that prove: metrics as pure functions, the probe's verdicts, and the tables they make."""
