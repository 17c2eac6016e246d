"""The data of runs."""
