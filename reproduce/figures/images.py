"""Some validation images of a finished run: originals, ground truth and predictions."""

import numpy as np

from selfsup_segmentation.data.decode import read_rgb


class ValidationImages:
    """Some validation images of a finished run; only these are predicted, and padding is cut off.

    Every method returns a list with an array for each image.

    Args:
        finished: `experiments.finished.finished_run.FinishedRun`.
        library: `experiments.datasets.library.Library` of its data.
        names: of validation frames.

    Attributes:
        sizes: native (width, height) of each image, px.
        unit: of the disparities.
    """

    def __init__(self, finished, library, names):
        self._data, self._layout = finished.network.data(library), library.source.layout
        self._cache = cache = self._data.val
        position = {frame.name: index for index, frame in enumerate(cache.frames)}
        self._indices = [position[name] for name in names]
        self._maps = list(finished.network.maps(cache, self._data.preparation, self._indices))
        self.sizes = [tuple(map(int, cache.native_sizes[index])) for index in self._indices]
        self.unit = "px of the network's image, {}×{}".format(*cache.size)

    def originals(self):
        """RGB uint8 ``[H, W, 3]`` at native size."""
        return [read_rgb(self._cache.frames[index].left) for index in self._indices]

    def truths(self, task):
        """Ground truth of an `experiments.tasks.task.Task`, as its score reads it."""
        score = task.score(self._cache, self._layout)
        return [score.read(index) for index in self._indices]

    def predictions(self, task):
        """Predictions as the task's `drawn` returns them."""
        drawn = []
        for index, maps in zip(self._indices, self._maps, strict=True):
            image = np.asarray(self._cache.image("left", index))
            if self._cache.fit == "pad":
                width, height = self._cache.valid_sizes[index]
                image = image[:height, :width]
                maps = {name: values[:, :height, :width] for name, values in maps.items()}
            drawn.append(task.drawn(maps, image, self._data.statistics))
        return drawn
