"""Ways to execute a list of runs."""
