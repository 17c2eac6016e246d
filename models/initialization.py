"""Initialization of weights: Glorot's distribution, the ImageNet file, or another run (section 4.2)."""

import hashlib
import socket
import tempfile
import zlib
from pathlib import Path

import keras
import numpy as np

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.models.imagenet_files import FILES

# Layer classes with a kernel; a DepthwiseConv2D is not a Conv2D.
_WITH_KERNEL = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.Dense)


def initialize_randomly(model, seed, initializer="glorot_uniform"):
    """Initialize all kernels randomly (SSrandom uses Glorot's uniform distribution).

    segmentation-models hard-codes He's. The kernels of a sub-model depend only on the seed and its name, so
    that a decoder has the same initial weights whichever other tasks are trained.

    Args:
        model: model from `build_multitask_unet`, changed in place.
        seed: seed of the run, ≥ 0.
        initializer: distribution of the decoders' kernels, ``glorot_uniform`` or ``he_uniform``; the encoder
            uses ``glorot_uniform``.
    """
    for part in model.layers:
        kind = initializer if part.name.startswith("decoder") else "glorot_uniform"
        layers = [layer for layer in getattr(part, "layers", [part]) if isinstance(layer, _WITH_KERNEL)]
        seeds = np.random.SeedSequence([seed, zlib.crc32(part.name.encode())]).generate_state(
            max(1, len(layers))
        )
        for layer, layer_seed in zip(layers, seeds, strict=False):
            draw = keras.initializers.get({"class_name": kind, "config": {"seed": int(layer_seed)}})
            layer.kernel.assign(draw(layer.kernel.shape))


def find_imagenet_weights(option, backbone="resnet18"):
    """Find the ImageNet weights for ``--imagenet-weights``.

    Args:
        option: path of the file, ``auto`` (Keras' cache, else a download) or ``none``.
        backbone: name of the encoder, one of `models.backbones.BACKBONES`.

    Returns:
        ``(path, None)``, or ``(None, reason)`` if the weights are unavailable.

    Raises:
        InputError: a path was given, but the file is missing or is not the published one.
    """
    if option == "none":
        return None, "no ImageNet weights (--imagenet-weights none)"
    if option != "auto":
        path = Path(option)
        check_imagenet_file(path, backbone)
        return path, None
    name, url, md5 = FILES[backbone]
    timeout = socket.getdefaulttimeout()
    try:
        socket.setdefaulttimeout(20)
        path = keras.utils.get_file(name, url, cache_subdir="models", file_hash=md5)
        return Path(path), None
    except Exception as error:  # Keras raises a bare Exception when a download fails
        return None, (
            f"no ImageNet weights: {name} is not in Keras' cache and could not be downloaded "
            f"({str(error).split(' -- ')[-1]}); give the file with --imagenet-weights"
        )
    finally:
        socket.setdefaulttimeout(timeout)


def check_imagenet_file(path, backbone="resnet18"):
    """Raise `InputError` unless the file exists and has the md5 sum of the published one."""
    name, url, md5 = FILES[backbone]
    try:
        exists = path.is_file()
        digest = hashlib.md5(path.read_bytes()).hexdigest() if exists else None
    except OSError as error:
        raise InputError(f"--imagenet-weights {path}: cannot be read ({error.strerror})") from error
    if not exists:
        raise InputError(f"--imagenet-weights {path}: there is no such file; it is {name} from {url}")
    if md5 and digest != md5:
        raise InputError(
            f"--imagenet-weights {path}: md5 {digest}, but {name} has {md5}; download it again from {url}"
        )


def load_imagenet(encoder, path):
    """Load segmentation-models' ImageNet weights (a Keras 2 ``.h5``) into an encoder.

    The published statistics of the input BatchNorm of ResNets (``bn_data``) describe RGB in 0..255, while the
    input here is standardized Lab: they are reset to mean 0 and variance 1. The convolutions that
    segmentation-models adds after VGG have no published weights and keep their values.

    Args:
        encoder: model from `build_encoder`, changed in place.
        path: file with the weights.

    Raises:
        InputError: the file is not a weights file, or belongs to another network.
    """
    try:
        with tempfile.TemporaryDirectory() as folder:
            link = Path(folder) / "published.h5"  # Keras requires this file extension
            link.symlink_to(Path(path).absolute())
            _without_center(encoder).load_weights(str(link))
    except (ValueError, OSError, KeyError) as error:
        reason = str(error).split("\n")[0]
        raise InputError(f"{path}: not the weights of this encoder ({reason})") from error
    for data in (layer for layer in encoder.layers if layer.name == "bn_data"):
        data.moving_mean.assign(np.zeros(data.moving_mean.shape))
        data.moving_variance.assign(np.ones(data.moving_variance.shape))


def _without_center(encoder):
    """The encoder without the layers that segmentation-models adds after VGG."""
    added = [layer for layer in encoder.layers if layer.name == "center_block1_conv"]
    return keras.Model(encoder.inputs, added[0].input) if added else encoder


def copy_parts(source, target, parts):
    """Copy weights between multi-task models by sub-model.

    Args:
        source, target: models from `build_multitask_unet`; the target is changed in place.
        parts: names of sub-models such as ``encoder`` or ``decoder_seg``; missing ones are skipped.

    Returns:
        List of the names of the copied sub-models.
    """
    sources = {layer.name: layer for layer in source.layers}
    copied = [layer for layer in target.layers if layer.name in sources and layer.name in parts]
    for layer in copied:
        layer.set_weights(sources[layer.name].get_weights())
    return [layer.name for layer in copied]
