"""The weightings beside the formulas of their papers."""
