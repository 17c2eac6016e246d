"""The layouts of data sets that the program reads."""

from selfsup_segmentation.data.cityscapes import CITYSCAPES
from selfsup_segmentation.data.kitti import KITTI

LAYOUTS = {layout.name: layout for layout in (CITYSCAPES, KITTI)}
