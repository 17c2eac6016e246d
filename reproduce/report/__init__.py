"""A table as one page for people: numbers, curves, classes and pictures in a single file."""
