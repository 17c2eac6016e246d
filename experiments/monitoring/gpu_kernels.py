"""What a GPU would execute of a graph, as far as it can be known without one.

TensorFlow's package for Linux is built with CUDA: its registry lists the kernels of GPUs on any machine.
"""

import collections
import functools

import tensorflow as tf
from tensorflow.python.framework import kernels

# Ops that raise an error on a GPU under deterministic ops; from the messages in TensorFlow 2.21's library.
NONDETERMINISTIC = {
    *("AdjustContrast", "AdjustContrastv2", "Bincount", "DenseBincount", "DebugNumericSummaryV2"),
    *("CropAndResizeGradBoxes", "CropAndResizeGradImage", "Dilation2DBackpropFilter"),
    *("Dilation2DBackpropInput", "FakeQuantWithMinMaxVarsGradient"),
    *("FakeQuantWithMinMaxVarsPerChannelGradient", "MaxPoolGradWithArgmax", "ResizeNearestNeighborGrad"),
    *("SoftmaxCrossEntropyWithLogits", "SparseSoftmaxCrossEntropyWithLogits", "SparseTensorDenseMatMul"),
    *("ScatterAdd", "ScatterSub", "ScatterMul", "ScatterDiv", "ScatterUpdate", "Svd", "Timestamp"),
}
# No kernel: values that are known, passed on or viewed in another shape.
_FREE = {"Const", "Placeholder", "Identity", "IdentityN", "NoOp", "ReadVariableOp", "Reshape", "Squeeze"}
_FREE |= {"ExpandDims", "StopGradient", "VarHandleOp", "PartitionedCall", "StatefulPartitionedCall"}
_FREE |= {"Shape", "ShapeN", "AssignVariableOp"}
_FLOATS = {tf.float16.as_datatype_enum, tf.bfloat16.as_datatype_enum, tf.float32.as_datatype_enum}


def nodes(function):
    """Yield the ``NodeDef`` of all ops of a concrete function and of the functions that it calls."""
    graph = function.graph.as_graph_def()
    yield from graph.node
    for called in graph.library.function:
        yield from called.node_def


def without_kernel(function):
    """Ops of a concrete function for which TensorFlow has no kernel on a GPU, for the types at hand.

    Returns:
        Set of (op, names of its types).
    """
    return {(node.op, _types(node)) for node in nodes(function) if not _has_kernel(node)}


def nondeterministic(function):
    """Ops of a concrete function that raise an error on a GPU under deterministic ops, set of names."""
    found = {node.op for node in nodes(function)} & NONDETERMINISTIC
    for node in nodes(function):
        if node.op.startswith("FusedBatchNormGrad") and not node.attr["is_training"].b:
            found.add(f"{node.op} outside of training")
    return found


def launches(function):
    """Kernels that a GPU would launch, at least, for one call of a concrete function.

    Arithmetic on shapes, which TensorFlow keeps on the CPU, is left out; a kernel of TensorFlow may itself
    launch several, and Grappler may join some.

    Returns:
        Counter of op to number.
    """
    counted = (node for node in nodes(function) if node.op not in _FREE)
    return collections.Counter(node.op for node in counted if _FLOATS & _numbers(node))


def _numbers(node):
    """Types among the attributes of a node, as numbers of the enumeration ``DataType``."""
    values = [value for value in node.attr.values() if value.WhichOneof("value") in ("type", "list")]
    return {number for value in values for number in (value.type, *value.list.type) if number}


def _types(node):
    return ", ".join(sorted(tf.dtypes.as_dtype(number).name for number in _numbers(node)))


def _has_kernel(node):
    return any(
        all(_meets(node.attr[limit.name], limit.allowed_values.list.type) for limit in kernel.constraint)
        for kernel in _kernels(node.op)
    )


def _meets(value, allowed):
    """Whether the types of an attribute are among those of a kernel; kernels constrain nothing but types."""
    return {*([value.type] if value.type else value.list.type)} <= {*allowed}


@functools.cache
def _kernels(op):
    """Kernels of an op on a GPU; those of ``DEFAULT`` serve any device."""
    registered = kernels.get_registered_kernels_for_op(op).kernel
    return [kernel for kernel in registered if kernel.device_type in ("GPU", "DEFAULT")]
