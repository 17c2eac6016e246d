"""Seconds and memory of this process; no TensorFlow, no torch."""

import os
import re
import time
from pathlib import Path


def timed(function, times=1, wait=None):
    """Call a function several times.

    Args:
        function: to be called.
        times: how often.
        wait: called once after that; returns when a device has done all of it.

    Returns:
        Dict with ``seconds`` of one call.
    """
    start = time.perf_counter()
    for _ in range(times):
        function()
    if wait:
        wait()
    return {"seconds": (time.perf_counter() - start) / times}


def peak_mib():
    """Most memory in MiB that this process ever had; the system's own count goes on from its parent's."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 2**10


def resident_mib():
    """Memory in MiB that this process has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 2**20
