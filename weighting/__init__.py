"""Task weightings with a common interface; they can be used without the rest of the project."""

from selfsup_segmentation.data import keras_settings

keras_settings.check()  # before the modules below import Keras

from selfsup_segmentation.weighting.base import TaskWeighting
from selfsup_segmentation.weighting.dynamic_average import DynamicWeightAverage
from selfsup_segmentation.weighting.fit import WeightedModel
from selfsup_segmentation.weighting.fixed import FixedWeights
from selfsup_segmentation.weighting.uncertainty import UncertaintyWeighting

__all__ = ["DynamicWeightAverage", "FixedWeights", "TaskWeighting", "UncertaintyWeighting", "WeightedModel"]
