"""A new self-supervised task in one file: inpainting beside segmentation, on one encoder.

The encoder sees an image with squares cut out; a decoder of its own predicts the lightness that was there.
The encoder, the decoders, the segmentation loss and the weighting are the project's; task, loss and training
are here. (``experiments/`` trains the paper's three tasks alone.)
"""

import keras
import numpy as np
import tensorflow as tf

from selfsup_segmentation.data.color import rgb_to_lab
from selfsup_segmentation.data.labels import ids_to_train_ids
from selfsup_segmentation.data.scenes import render_scene
from selfsup_segmentation.losses import segmentation_loss
from selfsup_segmentation.models import build_decoder, build_encoder
from selfsup_segmentation.weighting import UncertaintyWeighting, WeightedModel

keras.utils.set_random_seed(0)
scenes = [render_scene(seed=0, split="train", index=index, size=(64, 32)) for index in range(6)]
lab = rgb_to_lab(np.stack([scene.left for scene in scenes])).numpy() / 50.0  # of order 1
labels = np.stack([ids_to_train_ids(scene.labels) for scene in scenes]).astype("int32")

# Half of the squares of 8x8 are cut out.
holes = np.random.default_rng(0).random((len(lab), 4, 8, 1)) < 0.5
holes = np.kron(holes, np.ones((1, 8, 8, 1))).astype("float32")

encoder = build_encoder()
inputs = {name: keras.layers.Input((None, None, 3), name=name) for name in ("whole", "holed")}
network = keras.Model(
    inputs,
    {
        "seg": build_decoder("seg", 19, encoder)(encoder(inputs["whole"])),
        "inpainting": build_decoder("inpainting", 1, encoder)(encoder(inputs["holed"])),
    },
)


def inpainting_loss(target, predicted):
    """Squared error where something was cut out; the target is ``[B, H, W, 2]``: lightness and holes."""
    lightness, hole = tf.split(target, 2, axis=-1)
    return tf.reduce_sum(hole * (predicted - lightness) ** 2) / tf.reduce_sum(hole)


model = WeightedModel(
    network,
    UncertaintyWeighting(["seg", "inpainting"], regression=["inpainting"]),
    {"seg": segmentation_loss, "inpainting": inpainting_loss},
)
model.compile(keras.optimizers.Adam(1e-3), jit_compile=False)
history = model.fit(
    {"whole": lab, "holed": lab * (1 - holes)},
    {"seg": labels, "inpainting": np.concatenate([lab[..., :1], holes], -1)},
    batch_size=2,
    epochs=4,
    verbose=0,
).history
for task in ("seg", "inpainting"):
    print(f"{task}: {history[f'{task}_loss'][0]:.3f} -> {history[f'{task}_loss'][-1]:.3f}")
