"""File formats of an exported network: how each is written, and how its own runtime reads it.

A writer takes a network from `models.export.rgb_segmentation`, whether its logits are the output rather than
trainIds, a path, the size (width, height) and what there is to say of it. A reader takes the path and a
number of threads and returns a function of images uint8 ``[B, H, W, 3]`` that returns the network's output.
"""

import json
import tempfile
import textwrap

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.labels import IGNORE

OPSET = 17  # of ONNX: read by onnxruntime from 1.12 on


def _write_keras(network, logits, path, size, facts):
    output = network.output
    if not logits:
        classes = ops.argmax(output, axis=-1)
        output = ops.cast(ops.where(ops.isnan(output[..., 0]), IGNORE, classes), "uint8")
    keras.Model(network.input, output, name=network.name).save(path)


def _read_keras(path, threads):
    network = keras.saving.load_model(path, safe_mode=True)  # runs no code from the file
    run = tf.function(lambda images: network(images, training=False), reduce_retracing=True)
    return lambda images: run(tf.constant(images)).numpy()


def _function(network, logits, height=None, width=None):
    """The network as a TensorFlow function of ``image`` with its output by name."""

    def call(image):
        output = network(image, training=False)
        return {"logits": output} if logits else {"train_ids": tf.cast(tf.argmax(output, -1), tf.uint8)}

    return tf.function(call, [tf.TensorSpec((None, height, width, 3), tf.uint8, "image")], autograph=False)


def _write_savedmodel(network, logits, path, size, facts):
    _save(network, _function(network, logits), path)


def _save(network, function, path):
    module = tf.Module()  # Keras' own export writes every weight twice
    module.weights = [weight.value for weight in network.weights]
    module.serve = function
    tf.saved_model.save(module, str(path), signatures=function.get_concrete_function())


def _read_savedmodel(path, threads):
    loaded = tf.saved_model.load(str(path))
    return lambda images: next(iter(loaded.serve(tf.constant(images)).values())).numpy()


def _write_tflite(network, logits, path, size, facts):
    width, height = size  # its converter knows convolutions of a known width alone
    with tempfile.TemporaryDirectory() as folder:
        _save(network, _function(network, logits, height, width), folder)
        path.write_bytes(tf.lite.TFLiteConverter.from_saved_model(folder).convert())


def _read_tflite(path, threads):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path), num_threads=threads)
    image, output = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]

    def run(images):
        interpreter.resize_tensor_input(image, images.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(image, images)
        interpreter.invoke()
        return interpreter.get_tensor(output)

    return run


def _write_onnx(network, logits, path, size, facts):
    """The facts are in the file's metadata, each as JSON."""
    import tf2onnx

    function = _function(network, logits)
    model, _ = tf2onnx.convert.from_function(function, function.input_signature, opset=OPSET)
    for value in (*model.graph.input, *model.graph.output):
        dimensions = value.type.tensor_type.shape.dim
        for dimension, name in zip(dimensions, ("batch", "height", "width"), strict=False):
            dimension.dim_param = name
    for key, value in facts.items():
        model.metadata_props.add(key=key, value=json.dumps(value))
    path.write_bytes(model.SerializeToString())


def _read_onnx(path, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda images: session.run(None, {"image": np.ascontiguousarray(images)})[0]


_WRITE = {
    "keras": _write_keras,
    "savedmodel": _write_savedmodel,
    "tflite": _write_tflite,
    "onnx": _write_onnx,
}
_READ = {"keras": _read_keras, "savedmodel": _read_savedmodel, "tflite": _read_tflite, "onnx": _read_onnx}


def write_and_read(kind, network, logits, path, size, facts, threads):
    """Write a file of a format and read it in its own runtime; arguments as a writer's and a reader's.

    Returns:
        Function of images uint8 ``[B, H, W, 3]``.

    Raises:
        InputError: the format's converter or its runtime does not take this network.
    """
    try:
        _WRITE[kind](network, logits, path, size, facts)
        return _READ[kind](path, threads)
    except OSError:  # a full disk for instance
        raise
    except Exception as error:  # of many kinds; TensorFlow Lite's fills the screen
        reason = textwrap.shorten(str(error).split("\n")[0], 200, placeholder=" …")
        raise InputError(
            f"--format {kind} does not take this network ({reason}); choose another format."
        ) from error
