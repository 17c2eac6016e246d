"""Overlay images with the classes that an exported network predicts.

``python overlay_onnx.py segmentation.onnx IMAGES OUT`` needs numpy, pillow and onnxruntime, but not this
project. ``reproduce export RUN --format onnx`` writes the file; image size and colors are in its metadata.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

network, images, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
session = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"])
metadata = {key: json.loads(text) for key, text in session.get_modelmeta().custom_metadata_map.items()}
palette = np.array(metadata["palette"], np.uint8)  # RGB of each of the 19 classes

out.mkdir(parents=True, exist_ok=True)
for path in sorted(file for file in images.iterdir() if file.suffix.lower() in (".png", ".jpg", ".jpeg")):
    with Image.open(path) as file:
        if file.mode[0] in "IF":
            print(f"{path.name}: skipped, more than 8 bits a channel")
            continue
        image = ImageOps.exif_transpose(file).convert("RGB")  # as the camera was held
    resized = np.asarray(image.resize(metadata["size"], Image.Resampling.BOX))[None]  # uint8 [1, H, W, 3]
    (train_ids,) = session.run(["train_ids"], {"image": resized})  # uint8 [1, H, W]
    colors = Image.fromarray(palette[train_ids[0]]).resize(image.size, Image.Resampling.NEAREST)
    Image.blend(image, colors, 0.5).save(out / f"{path.stem}_overlay.png")
    print(f"{path.name}: {', '.join(metadata['classes'][i] for i in np.unique(train_ids))}")
