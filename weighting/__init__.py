"""Task weightings behind one small interface: usable without the rest of the project."""

from weighting.base import TaskWeighting
from weighting.dynamic_average import DynamicWeightAverage
from weighting.fit import WeightedModel
from weighting.fixed import FixedWeights
from weighting.uncertainty import UncertaintyWeighting

__all__ = ["DynamicWeightAverage", "FixedWeights", "TaskWeighting", "UncertaintyWeighting", "WeightedModel"]
