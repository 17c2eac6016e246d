"""What can be shown of some validation images of a finished run."""

import numpy as np

from selfsup_segmentation.data.color import recolor
from selfsup_segmentation.data.decode import read_labels, read_rgb
from selfsup_segmentation.data.disparity import resize_disparity
from selfsup_segmentation.data.labels import ids_to_train_ids


class Pictures:
    """Originals, ground truth and predictions of some images, all without padding.

    Every method returns a list with an array for each image. Only these images are predicted.

    Args:
        finished: `experiments.finished.finished_run.FinishedRun`.
        library: `experiments.datasets.library.Library` of its data.
        names: of validation frames.
    """

    def __init__(self, finished, library, names):
        self.data, self.layout = finished.network.data(library), library.source.layout
        position = {frame.name: index for index, frame in enumerate(self.data.val.frames)}
        self.indices = [position[name] for name in names]
        self.frames = [self.data.val.frames[index] for index in self.indices]
        self.maps = list(finished.network.maps(self.data.val, self.data.preparation, self.indices))

    @property
    def unit(self):
        """Of the disparities."""
        width, height = self.data.val.size
        return f"px of the network's image, {width}×{height}"

    def sizes(self):
        """Native (width, height)."""
        return [tuple(map(int, self.data.val.native_sizes[index])) for index in self.indices]

    def originals(self):
        """RGB uint8 ``[H, W, 3]`` at native size."""
        return [read_rgb(frame.left) for frame in self.frames]

    def labels(self):
        """Ground truth: trainIds uint8 ``[H, W]`` at native size, 255 where nothing is labeled."""
        return [ids_to_train_ids(read_labels(frame.labels)) for frame in self.frames]

    def segmentations(self):
        """Predicted trainIds uint8 ``[H, W]`` at native size."""
        return [maps["seg_native"][0].astype(np.uint8) for maps in self.maps]

    def colorizations(self):
        """RGB float32 ``[H, W, 3]`` in 0..1 at the network's size: own L, a and b of the predicted class."""
        return [self._colorize(*pair) for pair in zip(self.indices, self.maps, strict=True)]

    def measured_disparities(self):
        """Float32 ``[H, W]`` at the network's size in its px, NaN where nothing was measured."""
        return [self._measure(*pair) for pair in zip(self.indices, self.frames, strict=True)]

    def predicted_disparities(self):
        """Float32 ``[H, W]`` at the network's size in its px."""
        return [
            self._cut(index, maps["depth"][0, ..., 0])
            for index, maps in zip(self.indices, self.maps, strict=True)
        ]

    def _colorize(self, index, maps):
        ab = self.data.statistics.bins.centers[maps["color"][0]]
        return self._cut(index, recolor(self.data.val.image("left", index), ab).numpy())

    def _measure(self, index, frame):
        width, height = map(int, self.data.val.valid_sizes[index])
        disparity = self.layout.read_disparity(frame.disparity)
        return resize_disparity(disparity, (height, width))

    def _cut(self, index, picture):
        """The part that is not padding."""
        width, height = self.data.val.valid_sizes[index]
        return picture[:height, :width]
