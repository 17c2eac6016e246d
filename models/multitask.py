"""Fig. 1 of the paper: one shared encoder and a decoder for every task."""

import keras
import tensorflow as tf

from selfsup_segmentation.models.decoder import build_decoder
from selfsup_segmentation.models.encoder import build_encoder

CHANNELS = {"seg": 19, "color": 36, "depth": 1}
STREAM = {"seg": "lab", "depth": "lab", "color": "gray"}


def by_stream(tasks):
    """Lists of the tasks that see the same input, by its name, in order."""
    return {
        stream: [task for task in tasks if STREAM[task] == stream]
        for stream in dict.fromkeys(STREAM[task] for task in tasks)
    }


@keras.saving.register_keras_serializable("models")
class MultitaskModel(keras.Model):
    """A functional model that takes from a batch, by name, the inputs that it has.

    Keras' own goes by position when a dict holds further images: one without ``gray`` would see the grey
    image as its ``lab``, with no more than a warning.
    """

    def call(self, inputs, training=None, mask=None):
        """Logits by task from a dict of images."""
        if isinstance(inputs, dict):
            inputs = {name: inputs[name] for name in self.input}
        return super().call(inputs, training=training, mask=mask)


def build_multitask_unet(tasks, color_input="repeat", encoder_pass="two", backbone="resnet18"):
    """The multi-task network as a functional model with one head for each task.

    Segmentation and depth see the standardized Lab image, colorization sees its L channel three times, both
    through the same encoder (section 4.1). Only the decoders of ``tasks`` exist. Heads are linear: the
    softmax and the sigmoid of section 4.1 are part of the losses.

    Args:
        tasks: names out of ``seg``, ``color``, ``depth``.
        color_input: ``repeat`` feeds L three times; ``embed1x1`` puts the paper's 1×1 convolution on L.
        encoder_pass: ``two`` calls the encoder once for each input, so that its BatchNorm normalizes each by
            its own batch statistics; ``joint`` calls it once on both inputs as one batch.
        backbone: one of `models.backbones.BACKBONES`; the paper's is ``resnet18``.

    Returns:
        ``keras.Model``. Inputs: dict with ``lab`` ``[B, H, W, 3]`` for seg and depth, ``gray``
        ``[B, H, W, 3]`` (L standardized, three times) for color; H and W multiples of 32. Outputs: dict of
        logits, ``seg`` ``[B, H, W, 19]``, ``color`` ``[B, H, W, 36]``, ``depth`` ``[B, H, W, 1]``.
        Sub-models: ``encoder``, ``decoder_<task>`` and, for ``embed1x1``, the layer ``embedding``.

    Raises:
        ValueError: an unknown task, color input, encoder pass or backbone.
    """
    tasks = tuple(task for task in CHANNELS if task in tasks) if set(tasks) <= set(CHANNELS) else ()
    if not tasks:
        raise ValueError(f"tasks are some of {tuple(CHANNELS)}, each by its name")
    if color_input not in ("repeat", "embed1x1") or encoder_pass not in ("two", "joint"):
        raise ValueError(f"no such color input or encoder pass: {color_input!r}, {encoder_pass!r}")

    encoder = build_encoder(backbone)
    streams = sorted(by_stream(tasks), reverse=True)  # lab, then gray
    inputs = {stream: keras.layers.Input((None, None, 3), name=stream) for stream in streams}
    images = dict(inputs)
    if "gray" in images and color_input == "embed1x1":
        images["gray"] = keras.layers.Conv2D(3, 1, name="embedding")(images["gray"][..., :1])

    if encoder_pass == "joint" and len(images) == 2:
        both = encoder(keras.layers.Concatenate(axis=0, name="both")([images["lab"], images["gray"]]))
        halves = [keras.ops.split(feature, 2) for feature in both]
        features = {"lab": [lab for lab, _ in halves], "gray": [gray for _, gray in halves]}
    else:
        features = {stream: encoder(image) for stream, image in images.items()}

    logits = {task: build_decoder(task, CHANNELS[task], encoder)(features[STREAM[task]]) for task in tasks}
    return MultitaskModel(inputs, logits, name="_".join(tasks))


def only(model, tasks):
    """The part of a model that some tasks need; the weights are shared, not copied.

    Args:
        model: from `build_multitask_unet`.
        tasks: some of its own.

    Returns:
        ``keras.Model`` of the same inputs. Its graph has no other decoder, and takes less time to be traced.
    """
    return MultitaskModel(model.input, {task: model.output[task] for task in tasks})


def encoder_input(model, streams, batch):
    """What the encoder of a model sees of some streams, one after the other along the batch axis.

    Args:
        model: from `build_multitask_unet`.
        streams: ``lab``, ``gray`` or both.
        batch: dict with their images ``[B, H, W, 3]``.

    Returns:
        ``[B · streams, H, W, 3]``; ``gray`` is what ``embed1x1`` makes of it, where the model has that.
    """
    images = dict(batch)
    if "gray" in streams and any(layer.name == "embedding" for layer in model.layers):
        images["gray"] = model.get_layer("embedding")(batch["gray"][..., :1])
    return tf.concat([images[stream] for stream in streams], axis=0)
