"""One document and its writers."""
