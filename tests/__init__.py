"""Properties and oracles: each folder tests the package of its name."""
