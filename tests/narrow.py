"""ResNet18's U-Net with few blocks and channels, for tests of what is around the network.

Most of a tiny run goes by in updating, saving and summing up the twenty million weights of the real one.
"""

import contextlib
import os

import pytest

from tests.conftest import REPOSITORY

# A program for `tests.processes.Command`: ``reproduce`` with such a network.
SCRIPT = """
import sys
from selfsup_segmentation.reproduce.__main__ import main
from tests.narrow import narrow
with narrow():
    sys.exit(main(sys.argv[1:]))
"""


# Of a process, and of those that it starts, which are to build such networks.
ENVIRONMENT = {"PYTHONPATH": os.pathsep.join(map(str, (REPOSITORY / "tests" / "narrow_process", REPOSITORY)))}


@contextlib.contextmanager
def narrow():
    """Within this context the networks that this process builds have 1 % of the real one's weights.

    Their stages have one block each, of an eighth of the channels; streams, decoders, skips and names of
    layers are the real ones. Nor does TensorFlow optimize graphs: that takes longer than tiny runs gain.
    """
    import tensorflow as tf
    from classification_models.models import resnet

    from selfsup_segmentation.models.encoder import sm_unet

    real = resnet.MODELS_PARAMS["resnet18"]
    if real.repetitions == (1, 1, 1, 1):  # within another such context
        yield
        return

    def block(filters, *args, **kwargs):
        return real.residual_block(filters // 8, *args, **kwargs)

    wide = sm_unet.build_unet

    def decoder(*args, decoder_filters=(256, 128, 64, 32, 16), **kwargs):
        return wide(*args, decoder_filters=tuple(count // 8 for count in decoder_filters), **kwargs)

    small = real._replace(repetitions=(1, 1, 1, 1), residual_block=block)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(resnet.MODELS_PARAMS, "resnet18", small)
        patch.setattr(sm_unet, "build_unet", decoder)
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
        try:
            yield
        finally:
            tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})


@pytest.fixture(scope="module")
def narrow_network():
    """`narrow` for a module of tests."""
    with narrow():
        yield
