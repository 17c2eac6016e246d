import re

import pytest

from selfsup_segmentation.reproduce.cli.parser import parse
from tests.conftest import REPOSITORY

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL))
def test_python_examples_run(block):
    exec(compile(block, "README.md", "exec"), {})


PAGES = {page.name: page.read_text(encoding="utf-8") for page in (REPOSITORY / "docs").glob("*.md")}
COMMANDS = re.findall(
    r"^\.venv/bin/reproduce (.*?)(?:\s+#.*)?$", "\n".join([README, *PAGES.values()]), flags=re.MULTILINE
)


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_are_what_the_parser_takes(command):
    assert parse(command.split()).verb == command.split()[0]


def test_there_are_commands_to_test():
    assert len(COMMANDS) >= 8


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)#]+)\)", README))
def test_links_lead_somewhere(target):
    assert (REPOSITORY / target).exists()


@pytest.mark.parametrize("target", re.findall(r"^make (\S+)", README, flags=re.MULTILINE))
def test_make_targets_exist(target):
    makefile = (REPOSITORY / "Makefile").read_text()
    assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE)
