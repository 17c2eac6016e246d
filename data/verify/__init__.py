"""Is a data set whole? Every file is read as training reads it, and what is wrong is named.

Which files there should be is in `listing`, what is checked of a frame in `frame`, and how a check that was
interrupted goes on in `memory`. No TensorFlow; nothing is written into the data set's folder.

Example:
    >>> from selfsup_segmentation.data.verify import verify
    >>> verify("kitti", "kitti2015").problems
    []
"""

from selfsup_segmentation.data.verify.check import Report, SplitReport, verify
from selfsup_segmentation.data.verify.frame import check_frame
from selfsup_segmentation.data.verify.problems import KINDS, FrameFiles, FrameResult, Problem

__all__ = [
    "KINDS",
    "FrameFiles",
    "FrameResult",
    "Problem",
    "Report",
    "SplitReport",
    "check_frame",
    "verify",
]
