"""Another encoder under the same decoders: ``python another_encoder.py mobilenetv2``.

The option ``--backbone NAME`` does the same for a run or a table.
"""

import sys

import numpy as np

from selfsup_segmentation.models import build_multitask_unet, segmentation_only
from selfsup_segmentation.models.backbones import BACKBONES

name = sys.argv[1] if len(sys.argv) > 1 else "mobilenetv2"
print("available:", ", ".join(BACKBONES))

model = build_multitask_unet(["seg", "depth"], backbone=name)
images = np.zeros((1, 64, 96, 3), "float32")
for feature in model.get_layer("encoder")(images):
    print("feature map", tuple(feature.shape[1:]))
for task, logits in model({"lab": images}, training=False).items():
    print(f"{task}: logits {tuple(logits.shape)}")
print(f"{name}: {segmentation_only(model).count_params():,} parameters in the segmentation network")
