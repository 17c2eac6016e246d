"""Measure in turns: A B A B …, so that whatever else the machine does hits all alike."""

from collections.abc import Callable, Mapping
from typing import Any

WARM_UP = 1  # rounds that are not recorded


def in_turns(
    calls: Mapping[str, Callable[[], Mapping[str, Any]]], rounds: int, warm_up: int = WARM_UP
) -> tuple[dict[str, dict[str, tuple]], list[str]]:
    """Call everything once a round, one after the other.

    Args:
        calls: functions by name, each of which measures itself and returns numbers by name.
        rounds: at least 1.
        warm_up: rounds before those, whose numbers are dropped.

    Returns:
        ``(numbers, order)``: by name of the call and of the number, a tuple with one for each round; and the
        names of the recorded calls in the order in which they were made.
    """
    for _ in range(warm_up):
        for call in calls.values():
            call()
    replies, order = {name: [] for name in calls}, []
    for _ in range(rounds):
        for name, call in calls.items():
            replies[name].append(call())
            order.append(name)
    return {name: _by_number(found) for name, found in replies.items()}, order


def _by_number(replies):
    return {number: tuple(reply[number] for reply in replies) for number in replies[0]}
