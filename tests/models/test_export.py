import keras
import numpy as np
import pytest

from selfsup_segmentation.data.color import rgb_to_lab
from selfsup_segmentation.experiments.finished.formats import ENDINGS
from selfsup_segmentation.experiments.finished.runtimes import write_and_read
from selfsup_segmentation.models import build_multitask_unet, segmentation_only
from selfsup_segmentation.models.export import rgb_segmentation
from tests.models import images, largest_difference, stir
from tests.models.test_backbones import FAMILIES

BATCH = {"lab": images(2, seed=1), "gray": images(2, seed=2)}


@pytest.fixture(scope="module", params=["seg", "seg+color+depth"])
def whole(request):
    model = build_multitask_unet(request.param.split("+"))
    stir(model)
    return model


def test_output_is_bit_identical_to_the_seg_head(whole):
    alone = segmentation_only(whole)
    logits = alone(BATCH["lab"], training=False)
    assert logits.shape == (2, 64, 96, 19)
    np.testing.assert_array_equal(logits, whole(BATCH, training=False)["seg"])


def test_of_a_joint_pass_it_is_the_same_network():
    whole = build_multitask_unet(("seg", "color"), encoder_pass="joint")
    stir(whole)
    logits = segmentation_only(whole)(BATCH["lab"], training=False)
    assert largest_difference(logits, whole(BATCH, training=False)["seg"]) < 1e-5


def test_it_holds_encoder_and_seg_decoder_and_nothing_else(whole):
    alone = segmentation_only(whole)
    assert [layer.name for layer in alone.layers] == ["lab", "encoder", "decoder_seg"]
    assert alone.count_params() == 14_343_180


def test_weights_are_shared_with_the_whole(whole):
    alone = segmentation_only(whole)
    ids = {id(variable) for variable in whole.variables}
    assert {id(variable) for variable in alone.variables} <= ids
    head = whole.get_layer("decoder_seg").get_layer("final_conv")
    bias, before = head.bias.numpy(), alone(BATCH["lab"], training=False)
    head.bias.assign(bias + 1)
    np.testing.assert_allclose(alone(BATCH["lab"], training=False), before + 1, atol=1e-5)
    head.bias.assign(bias)


def test_it_is_saved_without_the_whole(whole, tmp_path):
    alone = segmentation_only(whole)
    alone.save(tmp_path / "segmentation.keras")
    loaded = keras.models.load_model(tmp_path / "segmentation.keras", safe_mode=True)
    np.testing.assert_array_equal(loaded(BATCH["lab"], training=False), alone(BATCH["lab"], training=False))


def test_a_network_without_segmentation_has_nothing_to_export():
    with pytest.raises(ValueError, match="decoder_seg"):
        segmentation_only(build_multitask_unet(["depth"]))


@pytest.mark.parametrize(
    ("backbone", "kinds"),
    [("seresnet18", ["keras"])]  # has functions in `Lambda` layers, which a Keras file may not contain
    + [pytest.param(name, list(ENDINGS), marks=pytest.mark.slow) for name in ("resnet18", *FAMILIES)],
)
def test_every_encoder_can_be_exported(backbone, kinds, tmp_path):
    model = build_multitask_unet(["seg"], backbone=backbone)
    stir(model)
    rgb = np.random.default_rng(0).integers(0, 256, (2, 32, 64, 3), np.uint8)
    expected = segmentation_only(model)(rgb_to_lab(rgb) / 50, training=False)
    network = rgb_segmentation(model, lambda lab: lab / 50, backbone)
    for kind in kinds:
        path = tmp_path / f"network{ENDINGS[kind]}"
        logits = write_and_read(kind, network, True, path, (64, 32), {}, 1)(rgb)
        # Deep networks with such weights amplify the last bit of the input a thousandfold.
        assert largest_difference(logits, expected) < 1e-2, kind
