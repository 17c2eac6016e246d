"""Fig. 1 of the paper: one shared encoder and a decoder for every task."""

import keras
import tensorflow as tf

from selfsup_segmentation.models.decoder import build_decoder
from selfsup_segmentation.models.encoder import build_encoder
from selfsup_segmentation.models.heads import HEADS


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
        tasks: names out of ``seg``, ``color``, ``depth``, or a dict of `models.heads.Head` by name.
        color_input: ``repeat`` feeds L three times; ``embed1x1`` puts the paper's 1×1 convolution on L.
        encoder_pass: ``two`` calls the encoder once for each input, so that its BatchNorm normalizes each by
            its own batch statistics; ``joint`` calls it once on all inputs as one batch.
        backbone: one of `models.backbones.BACKBONES`; the paper's is ``resnet18``.

    Returns:
        ``keras.Model``. Inputs: dict by stream of images ``[B, H, W, 3]``, of the paper's tasks ``lab`` for
        seg and depth, and ``gray`` (L standardized, three times) for color; H and W multiples of 32.
        Outputs: dict by task of logits ``[B, H, W, channels]``: ``seg`` 19, ``color`` 36, ``depth`` 1.
        Sub-models: ``encoder``, ``decoder_<task>`` and, for ``embed1x1``, the layer ``embedding``.

    Raises:
        ValueError: an unknown task, color input, encoder pass or backbone.
    """
    heads = tasks if isinstance(tasks, dict) else {task: HEADS[task] for task in HEADS if task in tasks}
    if not heads or set(tasks) - set(heads):
        raise ValueError(f"tasks are some of {tuple(HEADS)}, each by its name")
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
        streams: names of inputs.
        batch: dict with their images ``[B, H, W, 3]``.

    Returns:
        ``[B · streams, H, W, 3]``; ``gray`` is what ``embed1x1`` makes of it, where the model has that.
    """
    images = dict(batch)
    if "gray" in streams and any(layer.name == "embedding" for layer in model.layers):
        images["gray"] = model.get_layer("embedding")(batch["gray"][..., :1])
    return tf.concat([images[stream] for stream in streams], axis=0)
