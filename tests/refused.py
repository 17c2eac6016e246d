"""What is said when something is refused."""

import pytest

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.reproduce.__main__ import main


def refused(capsys, *arguments):
    """The one sentence after which the command line ends with 2."""
    capsys.readouterr()
    assert main([str(argument) for argument in arguments]) == 2
    said = capsys.readouterr().err
    assert "Traceback" not in said
    sentence = said.strip().splitlines()[-1]
    assert sentence.startswith("reproduce: ")
    return sentence


def file_refused(function, path, words):
    """The one sentence, with some words in it, that names the file which a function cannot use."""
    with pytest.raises(InputError, match=words) as caught:
        function(path)
    message = str(caught.value)
    assert str(path) in message
    assert message.endswith(".") and "\n" not in message
    return message
