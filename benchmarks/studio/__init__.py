"""How the studio bears load, and what it costs: `python -m benchmarks.studio PART`."""
