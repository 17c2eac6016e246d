"""Task weightings with a common interface; they can be used without the rest of the project."""

from selfsup_segmentation.data import keras_settings

keras_settings.check()  # before the modules below import Keras

from selfsup_segmentation.weighting.auxiliary_reweighting import AuxiliaryReweighting
from selfsup_segmentation.weighting.base import TaskWeighting
from selfsup_segmentation.weighting.cosine_gate import CosineGate
from selfsup_segmentation.weighting.dynamic_average import DynamicWeightAverage
from selfsup_segmentation.weighting.engine import per_task_gradients
from selfsup_segmentation.weighting.equal_after_normalization import EqualAfterNormalization
from selfsup_segmentation.weighting.fit import WeightedModel
from selfsup_segmentation.weighting.fixed import FixedWeights
from selfsup_segmentation.weighting.gradient import GradientWeighting
from selfsup_segmentation.weighting.gradient_balance import GradientBalance
from selfsup_segmentation.weighting.primary_constrained import PrimaryConstrained
from selfsup_segmentation.weighting.soft_optimal_uncertainty import SoftOptimalUncertainty
from selfsup_segmentation.weighting.uncertainty import UncertaintyWeighting

__all__ = [
    "AuxiliaryReweighting",
    "CosineGate",
    "DynamicWeightAverage",
    "EqualAfterNormalization",
    "FixedWeights",
    "GradientBalance",
    "GradientWeighting",
    "PrimaryConstrained",
    "SoftOptimalUncertainty",
    "TaskWeighting",
    "UncertaintyWeighting",
    "WeightedModel",
    "per_task_gradients",
]
