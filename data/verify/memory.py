"""Results of earlier checks, so that an interrupted check resumes.

Each frame is one line of JSON, appended as soon as it is checked. The line break precedes the line, so that a
line after an incomplete one, left by a crash, is valid again.
"""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.verify.report import KINDS, FrameFiles, FrameResult, Problem

CHECK_VERSION = 2  # increase it whenever a check changes, to invalidate earlier results


def fingerprint(frame: FrameFiles) -> str:
    """32 hexadecimal digits that change with path, size or modification time of any file of a frame."""
    place = f"{CHECK_VERSION} {frame.layout.name} {frame.root.absolute()} {frame.split}"
    digest = hashlib.sha256(place.encode())
    for part, file in sorted(frame.files.items()):
        try:
            status = (frame.root / file).stat()
            state = f"{status.st_size} {status.st_mtime_ns}"
        except OSError as error:
            state = type(error).__name__
        digest.update(f"\n{part} {file} {state}".encode(errors="surrogateescape"))
    return digest.hexdigest()[:32]


class Memory:
    """File of results.

    Attributes:
        known: results by `fingerprint`.

    Args:
        path: file of results, whose folder is created if missing; None stores nothing.
        fresh: whether to discard the results in the file.

    Raises:
        InputError: the file cannot be read or written; also from `add`.
    """

    def __init__(self, path: Path | None, fresh: bool = False):
        self.path = path
        self.known: dict[str, FrameResult] = {}
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if fresh:
                path.write_bytes(b"")
            elif path.exists():
                self.known = dict(filter(None, map(_parse, path.read_bytes().splitlines())))
        except OSError as error:
            raise self._refusal(error) from error

    def add(self, key: str, result: FrameResult) -> None:
        """Write a result."""
        if self.path is None:
            return
        line = json.dumps({"key": key, **asdict(result)})
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(f"\n{line}")
        except OSError as error:
            raise self._refusal(error) from error

    def _refusal(self, error: OSError) -> InputError:
        return InputError(
            f"{self.path} cannot be written ({error.strerror}): free space or name another --runs."
        )


def _parse(line: bytes) -> tuple[str, FrameResult] | None:
    """(fingerprint, result) of a line; None if it is empty or damaged, so that its frame is checked again."""
    try:
        content = json.loads(line)
        size = content["size"]
        if size is not None:
            width, height = map(int, size)
            size = (width, height)
        problems = [Problem(**problem) for problem in content["problems"]]
        if any(problem.kind not in KINDS for problem in problems):
            return None
        return str(content["key"]), FrameResult(size, problems)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
