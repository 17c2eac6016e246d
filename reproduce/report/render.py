"""HTML pages that need no other file, from the templates beside this module."""

import datetime
import functools
from pathlib import Path

import jinja2


def render(template: str, **content) -> str:
    """A template with its content; in HTML, whatever comes from runs or the user is escaped."""
    now = datetime.datetime.now().astimezone().isoformat(" ", "minutes")
    return _environment().get_template(template).render(written=now, **content)


@functools.cache
def _environment():
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=lambda name: ".html" in name,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
