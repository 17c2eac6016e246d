"""Harm done to real processes that train: kill -9, full disks, damaged files (fault)."""
