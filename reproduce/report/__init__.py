"""A table or the claims as one HTML page: numbers, curves, classes and images in a single file."""
