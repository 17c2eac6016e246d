"""Other encoders, beside segmentation-models on Keras 2, for which they were written."""

import keras
import numpy as np
import pytest

from selfsup_segmentation.models import build_encoder, build_multitask_unet
from selfsup_segmentation.models.backbones import BACKBONES
from selfsup_segmentation.models.batch_normalization import FusedBatchNormalization
from selfsup_segmentation.models.encoder import Backbones, sm_unet, unet
from selfsup_segmentation.models.imagenet_files import FILES
from selfsup_segmentation.models.initialization import initialize_randomly, load_imagenet
from tests.models import images, largest_difference, stir

FAST = ("mobilenetv2",)  # the others are built by make test-all
# One of each family: a deeper one has the same kinds of layers, only more of them.
DEEPER = ("34", "101", "152", "vgg19", "seresnet50")
OTHERS = ("seresnet18", "vgg16")
FAMILIES = [name for name in BACKBONES if name != "resnet18" and not name.endswith(DEEPER)]
FAST_FIRST = [name if name in FAST else pytest.param(name, marks=pytest.mark.slow) for name in FAMILIES]
SMALL = images(1, height=32, width=64)


@pytest.fixture(scope="module")
def keras_2():
    """Modules for segmentation-models."""
    tf_keras = pytest.importorskip("tf_keras")
    return {name: getattr(tf_keras, name) for name in ("backend", "layers", "models", "utils")}


@pytest.mark.parametrize("name", FAST_FIRST)
def test_it_is_the_network_of_segmentation_models(name, keras_2):
    reference = sm_unet.Unet(name, classes=19, activation="linear", encoder_weights=None, **keras_2)
    ours = unet(19, name)
    assert ours.count_params() == reference.count_params()
    stir(ours)
    reference.set_weights(ours.get_weights())
    expected = reference(SMALL, training=False).numpy()
    assert np.ptp(expected) > 0
    assert largest_difference(ours(SMALL, training=False), expected) < 1e-5

    model = build_multitask_unet(["seg"], backbone=name)
    assert model.count_params() == reference.count_params()
    encoder, decoder = model.get_layer("encoder"), model.get_layer("decoder_seg")
    weights = ours.get_weights()
    encoder.set_weights(weights[: len(encoder.weights)])
    decoder.set_weights(weights[len(encoder.weights) :])
    assert largest_difference(model({"lab": SMALL}, training=False)["seg"], expected) < 1e-5
    strides = [32 // feature.shape[1] for feature in encoder(SMALL)]
    assert strides == [32, 16, 8, 4, 2]
    norms = [layer for layer in encoder.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert norms
    assert all(isinstance(layer, FusedBatchNormalization) for layer in norms)


@pytest.mark.parametrize("name", FAST_FIRST)
def test_a_seed_decides_every_weight(name):
    """Two builds differ where a kernel was not drawn again."""
    one, two = (build_multitask_unet(["seg"], backbone=name) for _ in range(2))
    for model in (one, two):
        initialize_randomly(model, seed=3)
    for a, b in zip(one.variables, two.variables, strict=True):
        np.testing.assert_array_equal(a, b, err_msg=a.path)


@pytest.mark.parametrize(
    "name", [*FAST, *(pytest.param(name, marks=pytest.mark.slow) for name in ("seresnet18", "vgg16"))]
)
def test_imagenet_weights_of_keras_2_load(name, keras_2, tmp_path):
    published = Backbones.get_backbone(
        name, input_shape=(None, None, 3), weights=None, include_top=False, **keras_2
    )
    draw = np.random.default_rng(0)
    published.set_weights([draw.uniform(0.2, 0.6, each.shape) for each in published.get_weights()])
    published.save_weights(str(tmp_path / "weights.h5"))
    encoder = build_encoder(name)
    load_imagenet(encoder, tmp_path / "weights.h5")
    ours = {layer.name: layer.get_weights() for layer in encoder.layers}
    for layer in (layer for layer in published.layers if layer.weights and layer.name != "bn_data"):
        if layer.name in ours:
            for a, b in zip(ours[layer.name], layer.get_weights(), strict=True):
                np.testing.assert_array_equal(a, b, err_msg=layer.name)
    known = sum(layer.name in ours for layer in published.layers if layer.weights)
    assert known > 10


def test_names_are_those_of_segmentation_models_but_for_families_that_do_not_build():
    left_out = ("densenet", "efficientnet", "senet154")
    assert tuple(name for name in Backbones.models if not name.startswith(left_out)) == BACKBONES
    assert set(BACKBONES) <= set(FILES)
    for name, url, md5 in FILES.values():
        assert url.endswith(f"/{name}")
        assert md5 is None or len(md5) == 32


def test_one_that_keras_3_cannot_build_is_refused_with_those_that_it_can():
    with pytest.raises(ValueError, match=r"mobilenetv2.*not 'densenet121'"):
        build_multitask_unet(["seg"], backbone="densenet121")


def test_feature_maps_are_where_segmentation_models_takes_them():
    names = [tensor._keras_history.operation.name for tensor in build_encoder("mobilenetv2").outputs]
    assert names[1:] == list(Backbones.get_feature_layers("mobilenetv2", n=4))
