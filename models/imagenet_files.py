"""Published ImageNet weights of segmentation-models' backbones, without the classifier."""

from classification_models.weights import WEIGHTS_COLLECTION

_KERAS = "https://github.com/fchollet/deep-learning-models/releases/download"
_NO_TOP = "weights_tf_dim_ordering_tf_kernels_notop.h5"
_MOBILENET_2 = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5"

# Backbone -> (file name, URL, md5), from classification_models and keras_applications, which have no md5
# of the MobileNets.
FILES = {
    weights["model"]: (weights["name"], weights["url"], weights["md5"])
    for weights in WEIGHTS_COLLECTION
    if weights["classes"] == 1000 and not weights["include_top"]
} | {
    name: (file, f"{address}/{file}", md5)
    for name, file, address, md5 in (
        ("mobilenet", "mobilenet_1_0_224_tf_no_top.h5", f"{_KERAS}/v0.6", None),
        (
            "mobilenetv2",
            _MOBILENET_2,
            "https://github.com/JonathanCMitchell/mobilenet_v2_keras/releases/download/v1.1",
            None,
        ),
        ("vgg16", f"vgg16_{_NO_TOP}", f"{_KERAS}/v0.1", "6d6bbae143d832006294945121d1f1fc"),
        ("vgg19", f"vgg19_{_NO_TOP}", f"{_KERAS}/v0.1", "253f8cb515780f3b799900260a226db6"),
        ("inceptionv3", f"inception_v3_{_NO_TOP}", f"{_KERAS}/v0.5", "bcbd6486424b2319ff4ef7d526e38f63"),
        (
            "inceptionresnetv2",
            f"inception_resnet_v2_{_NO_TOP}",
            f"{_KERAS}/v0.7",
            "d19885ff4a710c122648d3b5c3b684e4",
        ),
    )
}
