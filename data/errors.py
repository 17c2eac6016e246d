"""The exception for a user's mistake."""


class InputError(ValueError):
    """Something the user gave is wrong: a path, a file, an option, a weights file.

    The message is one sentence that names the file or option and the fix. The command line
    prints it without a traceback and exits with code 2.
    """
