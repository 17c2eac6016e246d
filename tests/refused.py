"""The command line within this process and without TensorFlow, and the message of a refusal."""

import subprocess
import sys

import pytest

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.reproduce.__main__ import main


def reproduce(*arguments):
    """Exit code of a command line."""
    return main([str(argument) for argument in arguments])


def refused(capsys, *arguments):
    """The one sentence after which the command line ends with 2."""
    capsys.readouterr()
    assert reproduce(*arguments) == 2
    output = capsys.readouterr().err
    assert "Traceback" not in output
    sentence = output.strip().splitlines()[-1]
    assert sentence.startswith("reproduce: ")
    return sentence


def without(modules, *arguments):
    """Standard output of a command line in a process that may not import some modules."""
    program = "import sys; from selfsup_segmentation.reproduce.__main__ import main\n"
    program += "try: code = main(sys.argv[2:])\nexcept SystemExit as stopped: code = stopped.code\n"
    program += "assert not set(sys.argv[1].split()) & set(sys.modules); sys.exit(code)"
    command = [sys.executable, "-c", program, modules, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def file_refused(function, path, words):
    """The one sentence, with some words in it, that names the file which a function cannot use."""
    with pytest.raises(InputError, match=words) as caught:
        function(path)
    message = str(caught.value)
    assert str(path) in message
    assert message.endswith(".") and "\n" not in message
    return message
