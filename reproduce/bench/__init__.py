"""What this code costs beside what one would use in its place, measured side by side on one machine.

A comparison is a module with one `reproduce.bench.comparison.Comparison`; what it times runs in child
processes (`jobs`), because libraries disturb each other in one process, and in turns, because a machine has
moods.
"""

NAMES = ("step", "joint", "precision", "input", "lab", "evaluation", "tables", "startup")
"""Comparisons, in the order in which they run; each is a module of this package."""
