"""Runs: what they are, which make a table, how they are trained, evaluated and stored."""
