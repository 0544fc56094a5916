"""One loop for all trainings: a generator of steps with exact resume."""
