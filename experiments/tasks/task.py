"""What a task is: everything that the code around it asks of it."""

import abc

import numpy as np

from selfsup_segmentation.models.heads import Head


class Task(abc.ABC):
    """A task of the network: a decoder, what it is trained on, and how it is scored and drawn.

    A subclass and its entry in `experiments.tasks.TASKS` make a task; nothing else names it. Tables are made
    from results without TensorFlow, so that a task imports it inside its methods.

    Attributes:
        name: of its decoder, loss and weight, e.g. ``seg``.
        letters: in names of rows, e.g. ``SS``.
        title: for readers.
        head: input of the network that it sees, and number of channels; tasks of one stream share `image`.
        training_parts: parts of a `data.frames.Frame` besides the left image that `targets` needs.
        evaluation_parts: parts that its score needs.
        result: class of its numbers, a frozen dataclass whose fields have defaults. ``HEADLINE`` names the
            numbers of tables, ``headline(readings)`` returns those that readings choose, and ``variants()``
            all, both as dict of float or None by name.
        kind: how figures and files show it: ``image`` (RGB), ``labels`` (trainIds) or ``disparity`` (px).
        is_regression: its loss is a squared error, which uncertainty weighting weighs by half.
    """

    name: str
    letters: str
    title: str
    head: Head
    result: type
    training_parts: tuple[str, ...] = ()
    evaluation_parts: tuple[str, ...] = ()
    kind: str = "image"
    is_regression: bool = False

    def image(self, lab):
        """The stream's image, float32 ``[B, H, W, 3]``, from normalized Lab ``[B, H, W, 3]``."""
        return lab

    @abc.abstractmethod
    def targets(self, images, lab, preparation):
        """What the loss compares with, dict of tensors ``[B, H, W, …]``.

        Args:
            images: dict of uint8 ``left`` ``[B, H, W, 3]`` and the parts of `training_parts`.
            lab: the left image in Lab, float32 ``[B, H, W, 3]``, L 0..100 (`image` receives normalized Lab);
                padding is included, and `loss` receives the mask of it.
            preparation: `data.pipeline.Preparation`.
        """

    @abc.abstractmethod
    def loss(self, batch, logits, readings, statistics):
        """The unweighted loss, a float32 scalar.

        Args:
            batch: dict from `data.pipeline.Preparation`, with the targets and ``mask`` ``[B, H, W]``.
            logits: float32 ``[B, H, W, channels]``.
            readings: `experiments.readings.Readings`.
            statistics: `data.color.ColorStatistics` of the training images.
        """

    @abc.abstractmethod
    def maps(self, logits, mask, native_size, readings):
        """Predictions of one image as dict of tensors ``[1, H, W, …]``, for the score and `picture`.

        Args:
            logits: ``[1, H, W, channels]``.
            mask: ``[1, H, W]``, 1 inside the image and 0 on padding.
            native_size: (width, height) of the image in its file, int32.
            readings: `experiments.readings.Readings`.
        """

    @abc.abstractmethod
    def score(self, cache, layout):
        """A new score over a set of images, an object with three methods.

        ``read(index)`` returns the ground truth that a batch does not hold; several threads call it.
        ``update(index, truth, batch, maps)`` adds an image from what `read` returned, its prepared batch of
        one, and all `maps` of the stream. ``result()`` returns a `result` of the images so far.

        Args:
            cache: `data.cache.FrameCache` of the validation images.
            layout: `data.layout.Layout` of the data set.
        """

    @abc.abstractmethod
    def picture(self, maps, image, statistics):
        """A prediction as RGB ``[H, W, 3]``, uint8 or float32 in [0, 1], at the network's size.

        Args:
            maps: of one image as arrays ``[1, H, W, …]``.
            image: RGB uint8 ``[H, W, 3]`` at the network's size.
            statistics: `data.color.ColorStatistics` of the training images.
        """

    def drawn(self, maps, image, statistics):
        """A prediction as `kind` says, for figures; arguments as for `picture`, the default."""
        return self.picture(maps, image, statistics)

    def native(self, maps, image, fitted, statistics):
        """A prediction at the image's own size as `kind` says, for files; by default `picture`, enlarged.

        Args:
            maps: of one image as arrays ``[1, h, w, …]``, without padding.
            image: RGB uint8 ``[H, W, 3]``.
            fitted: the same at the network's size ``[h, w, 3]``, without padding.
            statistics: `data.color.ColorStatistics` of the training images.
        """
        picture = self.picture(maps, fitted, statistics)
        scale = np.float32(1 if picture.dtype == np.uint8 else 255)
        return np.round(enlarge(scale * picture[None], image)).astype(np.uint8)


def enlarge(maps, image):
    """Maps ``[1, h, w, C]`` at the size of an image ``[H, W, 3]``, float32 ``[H, W, C]``; bilinear."""
    import tensorflow as tf

    return tf.image.resize(maps, image.shape[:2], "bilinear")[0].numpy()
