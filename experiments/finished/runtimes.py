"""File formats of an exported network: how each is written, and how its own runtime reads it.

A writer takes a network from `models.export.rgb_segmentation`, whether its logits are the output rather than
trainIds, a path, the size (width, height) and what there is to say of it. A reader returns a function of
images uint8 ``[B, H, W, 3]`` that returns the network's output. Only ``tflite`` has a fixed image size: its
converter knows convolutions of a known width alone.
"""

import contextlib
import json
import tempfile

import keras
import numpy as np
import tensorflow as tf

from selfsup_segmentation.data.errors import InputError

OPSET = 17  # of ONNX: read by onnxruntime from 1.12 on


def write_keras(network, logits, path, size, facts):
    """Keras' own file; batch, height and width are free."""
    classes = keras.ops.cast(keras.ops.argmax(network.output, axis=-1), "uint8")
    (network if logits else keras.Model(network.input, classes, name=network.name)).save(path)


def read_keras(path, threads):
    """``keras.saving.load_model``, which runs no code from the file."""
    network = keras.saving.load_model(path, safe_mode=True)
    run = tf.function(lambda images: network(images, training=False), reduce_retracing=True)
    return lambda images: run(tf.constant(images)).numpy()


def _function(network, logits, shape=(None, None, None, 3)):
    """The network as a TensorFlow function of ``image`` with its output by name."""

    def call(image):
        output = network(image, training=False)
        return {"logits": output} if logits else {"train_ids": tf.cast(tf.argmax(output, -1), tf.uint8)}

    return tf.function(call, [tf.TensorSpec(shape, tf.uint8, "image")], autograph=False)


def write_savedmodel(network, logits, path, size, facts):
    """TensorFlow's folder with the signature ``serving_default``; batch, height and width are free."""
    _save(network, _function(network, logits), path)


def _save(network, function, path):
    module = tf.Module()  # Keras' own export writes every weight twice
    module.weights = [weight.value for weight in network.weights]
    module.serve = function
    tf.saved_model.save(module, str(path), signatures=function.get_concrete_function())


def read_savedmodel(path, threads):
    """``tf.saved_model.load``; Keras is not needed."""
    loaded = tf.saved_model.load(str(path))
    return lambda images: next(iter(loaded.serve(tf.constant(images)).values())).numpy()


def write_tflite(network, logits, path, size, facts):
    """TensorFlow Lite in float32; the batch is free, height and width are those of ``size``."""
    width, height = size
    with tempfile.TemporaryDirectory() as folder:
        _save(network, _function(network, logits, (None, height, width, 3)), folder)
        path.write_bytes(tf.lite.TFLiteConverter.from_saved_model(folder).convert())


def read_tflite(path, threads):
    """LiteRT's interpreter."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path), num_threads=threads)
    image, output = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]

    def run(images):
        if tuple(interpreter.get_input_details()[0]["shape"]) != images.shape:
            interpreter.resize_tensor_input(image, images.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(image, images)
        interpreter.invoke()
        return interpreter.get_tensor(output)

    return run


def write_onnx(network, logits, path, size, facts):
    """ONNX; batch, height and width are free. The facts are in its metadata, each as JSON."""
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


def read_onnx(path, threads):
    """onnxruntime on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda images: session.run(None, {"image": np.ascontiguousarray(images)})[0]


_WRITE = {"keras": write_keras, "savedmodel": write_savedmodel, "tflite": write_tflite, "onnx": write_onnx}
_READ = {"keras": read_keras, "savedmodel": read_savedmodel, "tflite": read_tflite, "onnx": read_onnx}


def write(kind, *arguments):
    """Write a file of a format; arguments as a writer's.

    Raises:
        InputError: the converter of that format does not take this network.
    """
    with _in_one_sentence(f"--format {kind}: its converter does not take this network"):
        _WRITE[kind](*arguments)


def read(kind, path, threads):
    """Read a file of a format in its own runtime, on some threads where that can be said.

    Returns:
        Function of images uint8 ``[B, H, W, 3]``.

    Raises:
        InputError: that is not possible.
    """
    with _in_one_sentence(f"--format {kind}: its runtime cannot read this network"):
        return _READ[kind](path, threads)


@contextlib.contextmanager
def _in_one_sentence(problem):
    """Errors of many kinds, of which TensorFlow Lite's fills the screen, as one `InputError`."""
    try:
        yield
    except OSError:  # a full disk for instance
        raise
    except Exception as error:
        reason = str(error).split("\n")[0][:200]
        raise InputError(f"{problem} ({reason}); choose another format.") from error
