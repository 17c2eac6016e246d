"""How numbers and short texts are written, in every format alike."""

DASH = "—"
DECIMALS = 3  # of our numbers
PUBLISHED_DECIMALS = 2  # as printed in the paper

_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def signed(value: float, decimals: int = DECIMALS) -> str:
    """A difference with its sign: a typographic minus, and a plus for zero."""
    text = f"{value:+.{decimals}f}"
    if not text.strip("+-0."):
        return text.replace("-", "+")  # a negative number that rounds to zero
    return text.replace("-", "−")


def superscript(number: int) -> str:
    """A footnote number in superscript digits."""
    return str(number).translate(_SUPERSCRIPTS)


def one_line(text: str) -> str:
    """A text without line breaks and runs of spaces."""
    return " ".join(text.split())
