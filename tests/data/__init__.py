"""The readers of both data sets, the checks of their files, and what is made of their images."""

import numpy as np
from PIL import Image


def pixels(path):
    """Content of an image as Pillow decodes it."""
    with Image.open(path) as image:
        return np.array(image)
