"""Numbers of a network."""
