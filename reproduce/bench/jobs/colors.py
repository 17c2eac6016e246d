"""Colors that every job takes for those of the training images; no TensorFlow."""

MEAN, STD = (50.0, 0.0, 0.0), (25.0, 10.0, 15.0)
"""Of L, a and b: they standardize the network's input and place the color classes."""
