"""Color what an exported network sees: ``python overlay_onnx.py segmentation.onnx IMAGES OUT``.

Needs numpy, pillow and onnxruntime, nothing of this project. The file comes from
``reproduce export RUN --format onnx``; sizes and colors are in its metadata.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

network, images, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
session = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"])
facts = {key: json.loads(text) for key, text in session.get_modelmeta().custom_metadata_map.items()}
palette = np.array(facts["palette"], np.uint8)  # RGB of each of the 19 classes

out.mkdir(parents=True, exist_ok=True)
for path in sorted(file for file in images.iterdir() if file.suffix.lower() in (".png", ".jpg", ".jpeg")):
    image = Image.open(path).convert("RGB")
    seen = np.asarray(image.resize(facts["size"], Image.Resampling.BOX))[None]  # uint8 [1, H, W, 3]
    (train_ids,) = session.run(["train_ids"], {"image": seen})  # uint8 [1, H, W]
    colors = Image.fromarray(palette[train_ids[0]]).resize(image.size, Image.Resampling.NEAREST)
    Image.blend(image, colors, 0.5).save(out / f"{path.stem}_overlay.png")
    print(f"{path.name}: {', '.join(facts['classes'][i] for i in np.unique(train_ids))}")
