"""Names of the encoders of segmentation-models that work with Keras 3; imports nothing, for ``--help``.

Unsupported: DenseNet has layer names that Keras 3 rejects, EfficientNet drops branches by random numbers that
no seed controls, so that runs would not be repeatable, and SENet-154 has not been built successfully.
"""

BACKBONES = (
    "resnet18", "resnet34", "resnet50", "resnet101", "resnet152",
    "seresnet18", "seresnet34", "seresnet50", "seresnet101", "seresnet152",
    "seresnext50", "seresnext101", "resnext50", "resnext101",
    "vgg16", "vgg19", "inceptionresnetv2", "inceptionv3", "mobilenet", "mobilenetv2",
)  # fmt: skip
