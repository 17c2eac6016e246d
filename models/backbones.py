"""Encoders that Keras 3 can build, by segmentation-models' name; imports nothing, so that ``--help`` is fast.

DenseNets have layers of names that Keras 3 refuses; EfficientNets leave out branches by a random number
that no seed governs, so that the same run would give other numbers. SENet-154 was not seen to build.
"""

BACKBONES = (
    "resnet18", "resnet34", "resnet50", "resnet101", "resnet152",
    "seresnet18", "seresnet34", "seresnet50", "seresnet101", "seresnet152",
    "seresnext50", "seresnext101", "resnext50", "resnext101",
    "vgg16", "vgg19", "inceptionresnetv2", "inceptionv3", "mobilenet", "mobilenetv2",
)  # fmt: skip
