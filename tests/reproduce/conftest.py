"""A run that was trained for a moment, for what is made of one."""

import pytest

from tests.narrow import narrow_network  # noqa: F401
from tests.trained import train_for_a_moment


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Of the run; its data lies beside the runs folder, in ``scenes``."""
    return train_for_a_moment(tmp_path_factory.mktemp("trained"), "SS+C+D/GS")
