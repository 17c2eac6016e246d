"""segmentation-models' own U-Net, compiled and trained by Keras as its documentation shows."""

import keras
import tensorflow as tf

from selfsup_segmentation.models import build_multitask_unet
from selfsup_segmentation.models.initialization import initialize_randomly
from selfsup_segmentation.reproduce.bench.jobs.runs import SEED, draw_batch, steps_per_call
from selfsup_segmentation.reproduce.bench.measuring import peak_mib, timed
from selfsup_segmentation.reproduce.cli.tensorflow_import import import_tensorflow


def prepare(size, batch):
    """``train_on_batch`` on the images, labels and initial weights of `our_step`.

    Args:
        size: (width, height) in px.
        batch: images a step.
    """
    import_tensorflow()
    import segmentation_models  # after models, which names its framework

    keras.utils.set_random_seed(SEED)
    tf.config.experimental.enable_tensor_float_32_execution(False)  # the same arithmetic as ours
    model = segmentation_models.Unet("resnet18", classes=19, activation="linear", encoder_weights=None)
    _give_our_weights(model)
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=255),
    )
    data, times = draw_batch(("seg",), size, batch), steps_per_call()
    facts = {
        "parameters": model.count_params(),
        "first_loss": float(model.train_on_batch(data["lab"], data["labels"])),
        "compiled_by_xla": bool(model.jit_compile),
        "steps_per_call": times,
    }

    def step():
        model.train_on_batch(data["lab"], data["labels"])  # returns a number: it waits by itself

    return facts, {
        "step": lambda: timed(step, times),
        "memory": lambda: {"peak_mib": peak_mib()},
    }


def _give_our_weights(model):
    ours = build_multitask_unet(("seg",))
    initialize_randomly(ours, SEED)
    for part in ours.layers:
        for layer in getattr(part, "layers", ()):
            if layer.weights:
                model.get_layer(layer.name).set_weights(layer.get_weights())
