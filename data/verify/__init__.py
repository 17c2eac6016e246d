"""Check that a data set is complete and valid: every file is read as training reads it.

Which files should exist is in `listing`, what is checked of a frame in `frame`, and how an interrupted check
resumes in `memory`. No TensorFlow; nothing is written into the data set's folder.

Example:
    >>> from selfsup_segmentation.data.kitti import KITTI
    >>> from selfsup_segmentation.data.verify import verify
    >>> verify(KITTI, "kitti2015").problems
    []
"""

from selfsup_segmentation.data.verify.check import verify

__all__ = ["verify"]
