"""Ways to carry out a list of runs."""
