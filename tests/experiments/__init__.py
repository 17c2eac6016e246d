"""Runs: training, evaluation, storage, resumption, executors."""
