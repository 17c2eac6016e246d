"""What can be shown of some validation images of a finished run."""

import numpy as np

from selfsup_segmentation.data.color import lab_to_rgb, rgb_to_lab
from selfsup_segmentation.data.decode import read_labels, read_rgb
from selfsup_segmentation.data.disparity import resize_disparity
from selfsup_segmentation.data.labels import ids_to_train_ids
from selfsup_segmentation.data.pipeline import ordered_batches
from selfsup_segmentation.experiments.evaluation.evaluator import make_predictors
from selfsup_segmentation.experiments.finished.finished_run import open_finished
from selfsup_segmentation.models.normalization import statistics_of


class Pictures:
    """Originals, ground truth and predictions of some images, all without padding.

    Every method returns a list with an array for each image. Only these images are predicted.

    Args:
        run: a finished `experiments.run.Run`.
        folder: of the run.
        library: `experiments.datasets.library.Library` of its data.
        names: of validation frames.
    """

    def __init__(self, run, folder, library, names):
        finished = open_finished(run, folder, library)
        self.data, self.layout = finished.data, library.source.layout
        position = {frame.name: index for index, frame in enumerate(self.data.val.frames)}
        self.indices = [position[name] for name in names]
        self.frames = [self.data.val.frames[index] for index in self.indices]
        self.maps = _predict(run, finished, self.indices)

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
        return [maps["seg_native"].astype(np.uint8) for maps in self.maps]

    def colorizations(self):
        """RGB float32 ``[H, W, 3]`` in 0..1 at the network's size: own L, a and b of the predicted class."""
        return [self._colorize(*pair) for pair in zip(self.indices, self.maps, strict=True)]

    def measured_disparities(self):
        """Float32 ``[H, W]`` at the network's size in its px, NaN where nothing was measured."""
        return [self._measure(*pair) for pair in zip(self.indices, self.frames, strict=True)]

    def predicted_disparities(self):
        """Float32 ``[H, W]`` at the network's size in its px."""
        return [
            self._cut(index, maps["depth"][..., 0])
            for index, maps in zip(self.indices, self.maps, strict=True)
        ]

    def _colorize(self, index, maps):
        lab = rgb_to_lab(self.data.val.image("left", index)).numpy()
        lab[..., 1:] = self.data.statistics.bins.centers[maps["color"]]
        return self._cut(index, lab_to_rgb(lab).numpy())

    def _measure(self, index, frame):
        width, height = map(int, self.data.val.valid_sizes[index])
        disparity = self.layout.read_disparity(frame.disparity)
        return resize_disparity(disparity, (height, width))

    def _cut(self, index, picture):
        """The part that is not padding."""
        width, height = self.data.val.valid_sizes[index]
        return picture[:height, :width]


def _predict(run, finished, indices):
    """For each image the maps of all tasks, named as by `make_predictor`."""
    data, encoder = finished.data, finished.model.get_layer("encoder")
    maps = [{} for _ in indices]
    for stream, predict in make_predictors(finished.model, run).items():
        batches = ordered_batches(data.val, data.preparation, indices=indices)
        with statistics_of(encoder, finished.statistics[stream]):
            for found, index, batch in zip(maps, indices, batches, strict=True):
                predicted = predict(batch, data.val.native_sizes[index])
                found |= {name: values.numpy()[0] for name, values in predicted.items()}
    return maps
