"""Benchmarks of this project against Keras, torch, scikit-image and cityscapesScripts."""
