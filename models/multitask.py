"""Fig. 1 of the paper: one shared encoder and one decoder per task."""

import keras
import tensorflow as tf

from selfsup_segmentation.models.decoder import build_decoder
from selfsup_segmentation.models.encoder import build_encoder
from selfsup_segmentation.models.heads import HEADS


@keras.saving.register_keras_serializable("models")
class MultitaskModel(keras.Model):
    """Functional model that selects its inputs from a dict by name.

    If the dict has further entries, Keras assigns inputs by position: a model without ``gray`` would use the
    grey image as ``lab``, with only a warning.
    """

    def call(self, inputs, training=None, mask=None):
        """Logits, dict of task to ``[B, H, W, channels]``, from a dict of stream to image."""
        if isinstance(inputs, dict):
            inputs = {name: inputs[name] for name in self.input}
        return super().call(inputs, training=training, mask=mask)


def build_multitask_unet(tasks, color_input="repeat", encoder_pass="two", backbone="resnet18"):
    """Build the multi-task network, a functional model with one head per task.

    The input of segmentation and depth is the standardized Lab image, that of colorization its L channel in
    three copies; both use the same encoder (section 4.1). Only the decoders of ``tasks`` exist. Heads are
    linear: the softmax and the sigmoid of section 4.1 are part of the losses.

    Args:
        tasks: some of the names ``seg``, ``color``, ``depth``, or a dict of task name to `models.heads.Head`.
        color_input: ``repeat`` feeds L in three copies; ``embed1x1`` applies the paper's 1×1 convolution.
        encoder_pass: ``two`` calls the encoder once per input stream, so that BatchNorm normalizes each
            stream with its own batch statistics; ``joint`` calls it once on all streams as one batch.
        backbone: name of the encoder, one of `models.backbones.BACKBONES`; the paper's is ``resnet18``.

    Returns:
        ``keras.Model``. Inputs: dict of stream to images ``[B, H, W, 3]``, H and W multiples of 32; for the
        paper's tasks ``lab`` for seg and depth, and ``gray`` (standardized L in three copies) for color.
        Outputs: dict of task to logits ``[B, H, W, channels]``: ``seg`` 19, ``color`` 36, ``depth`` 1.
        Sub-models: ``encoder``, ``decoder_<task>`` and, for ``embed1x1``, the layer ``embedding``.

    Raises:
        ValueError: an unknown task, color input, encoder pass or backbone.
    """
    heads = tasks if isinstance(tasks, dict) else {task: HEADS[task] for task in HEADS if task in tasks}
    if not heads or set(tasks) - set(heads):
        raise ValueError(f"tasks are some of {tuple(HEADS)}, not {tasks!r}")
    if color_input not in ("repeat", "embed1x1") or encoder_pass not in ("two", "joint"):
        raise ValueError(f"no such color input or encoder pass: {color_input!r}, {encoder_pass!r}")

    encoder = build_encoder(backbone)
    streams = sorted({head.stream for head in heads.values()}, reverse=True)  # lab before gray
    inputs = {stream: keras.layers.Input((None, None, 3), name=stream) for stream in streams}
    images = dict(inputs)
    if "gray" in images and color_input == "embed1x1":
        images["gray"] = keras.layers.Conv2D(3, 1, name="embedding")(images["gray"][..., :1])

    if encoder_pass == "joint" and len(streams) > 1:
        both = encoder(keras.layers.Concatenate(axis=0, name="both")(list(images.values())))
        split = zip(*(keras.ops.split(feature, len(streams)) for feature in both), strict=True)
        features = dict(zip(streams, map(list, split), strict=True))
    else:
        features = {stream: encoder(image) for stream, image in images.items()}

    logits = {
        task: build_decoder(task, head.channels, encoder)(features[head.stream])
        for task, head in heads.items()
    }
    return MultitaskModel(inputs, logits, name="_".join(heads))


def only(model, tasks):
    """Restrict a model to some tasks; weights are shared, not copied.

    Args:
        model: model from `build_multitask_unet`.
        tasks: names of tasks of the model.

    Returns:
        ``keras.Model`` with the same inputs, without the decoders of other tasks, so that tracing takes less
        time.
    """
    return MultitaskModel(model.input, {task: model.output[task] for task in tasks})


def encoder_input(model, streams, batch):
    """Input of the encoder for some streams, concatenated along the batch axis.

    Args:
        model: model from `build_multitask_unet`.
        streams: names of the streams.
        batch: dict of stream to images ``[B, H, W, 3]``.

    Returns:
        ``[B · streams, H, W, 3]``; with ``embed1x1``, ``gray`` is the output of that convolution.
    """
    images = dict(batch)
    if "gray" in streams and any(layer.name == "embedding" for layer in model.layers):
        images["gray"] = model.get_layer("embedding")(batch["gray"][..., :1])
    return tf.concat([images[stream] for stream in streams], axis=0)
