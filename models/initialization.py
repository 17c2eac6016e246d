"""Where weights come from: Glorot's distribution, the ImageNet file, or another run (section 4.2)."""

import hashlib
import socket
import tempfile
import zlib
from pathlib import Path

import keras
import numpy as np

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.models.imagenet_files import FILES

# The layers that have a kernel; a subclass of one is not always one of another.
_WITH_KERNEL = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.Dense)


def initialize_randomly(model, seed, initializer="glorot_uniform"):
    """Draw the kernels of every layer again (SSrandom uses Glorot's uniform distribution).

    segmentation-models hard-codes He's. The draw depends on the seed and the names of the sub-model alone: a
    decoder starts the same whichever other tasks there are.

    Args:
        model: from `build_multitask_unet`, changed in place.
        seed: of the run.
        initializer: of the decoders, ``glorot_uniform`` or ``he_uniform``; the rest is Glorot's.
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
    """The ImageNet file for ``--imagenet-weights``.

    Args:
        option: a path, ``auto`` (Keras' cache, else a download) or ``none``.
        backbone: of the encoder.

    Returns:
        ``(path, None)``, or ``(None, reason)`` when there is no file to be had.

    Raises:
        InputError: a path was given and is not that file.
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
    """Raise `InputError` unless the file is there and has the md5 sum of the published one."""
    name, url, md5 = FILES[backbone]
    try:
        there = path.is_file()
        found = hashlib.md5(path.read_bytes()).hexdigest() if there else None
    except OSError as error:
        raise InputError(f"--imagenet-weights {path}: cannot be read ({error.strerror})") from error
    if not there:
        raise InputError(f"--imagenet-weights {path}: there is no such file; it is {name} from {url}")
    if md5 and found != md5:
        raise InputError(
            f"--imagenet-weights {path}: md5 {found}, but {name} has {md5}; download it again from {url}"
        )


def load_imagenet(encoder, path):
    """Load segmentation-models' ImageNet weights (a Keras 2 ``.h5``) into an encoder.

    The input statistics of ResNets are those of RGB in 0..255, while the network sees standardized Lab: the
    moving statistics of the layer ``bn_data`` go back to mean 0 and variance 1. What segmentation-models adds
    below VGG, of which there are no weights, stays as it is.

    Args:
        encoder: from `build_encoder`.
        path: the file.

    Raises:
        InputError: it is no weights file, or of another network.
    """
    try:
        with tempfile.TemporaryDirectory() as folder:
            link = Path(folder) / "published.h5"  # Keras goes by the name, which may be another one
            link.symlink_to(Path(path).absolute())
            _without_center(encoder).load_weights(str(link))
    except (ValueError, OSError, KeyError) as error:
        reason = str(error).split("\n")[0]
        raise InputError(f"{path}: not the weights of this encoder ({reason})") from error
    for data in (layer for layer in encoder.layers if layer.name == "bn_data"):
        data.moving_mean.assign(np.zeros(data.moving_mean.shape))
        data.moving_variance.assign(np.ones(data.moving_variance.shape))


def _without_center(encoder):
    """The part of an encoder that is the backbone."""
    added = [layer for layer in encoder.layers if layer.name == "center_block1_conv"]
    return keras.Model(encoder.inputs, added[0].input) if added else encoder


def copy_parts(source, target, parts):
    """Copy weights between multi-task models, sub-model by sub-model.

    Args:
        source, target: from `build_multitask_unet`.
        parts: names such as ``encoder`` or ``decoder_seg``; those that either model lacks are passed over.

    Returns:
        Names of the parts that were copied.
    """
    there = {layer.name: layer for layer in source.layers}
    copied = [layer for layer in target.layers if layer.name in there and layer.name in parts]
    for layer in copied:
        layer.set_weights(there[layer.name].get_weights())
    return [layer.name for layer in copied]
