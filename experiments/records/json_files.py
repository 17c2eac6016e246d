"""Records of a run as JSON files: written atomically, sealed with a checksum where damage must be found."""

import hashlib
import json
import os
from pathlib import Path

from selfsup_segmentation.data.errors import InputError

FORMAT = 1
SEAL = "sha256"  # of everything else in a record


def read_record(folder: Path, name: str) -> dict | None:
    """Content of ``run.json`` or ``metrics.json`` of a run directory; None when there is no such file.

    Raises:
        InputError: the file is damaged, or of another format than this version's.
    """
    record = read_json(folder / name)
    if record is not None and record.pop(SEAL, None) not in (None, _digest(record)):
        raise InputError(f"{folder / name} is damaged (its checksum differs); remove it to make it again.")
    if record is not None and record.get("format", FORMAT) != FORMAT:
        raise InputError(
            f"{folder / name} has format {record['format']}, and this version reads format {FORMAT}: remove "
            "the folder to run it again, or use the version that made it."
        )
    return record


def read_json(path: Path) -> dict | None:
    """Content of a JSON file that holds an object, or None when there is no such file.

    Raises:
        InputError: the file is damaged or cannot be read.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise ValueError("it holds no object")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}).") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is damaged ({error}); remove it to make it again.") from error
    return content


def sealed(record: dict) -> dict:
    """A record with the checksum that `read_record` looks at."""
    plain = plain_values(record)
    return plain | {SEAL: _digest(plain)}


def _digest(plain):
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def write_json(path: Path, value):
    """Write a JSON file atomically, see `write_text`. NaN becomes null."""
    write_text(path, json.dumps(plain_values(value), indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def write_text(path: Path, text: str):
    """Write a file atomically: under a temporary name, flushed to the disk, then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        if error.errno and not error.filename:  # a write for which there is no space names no file
            error.filename = str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)


def plain_values(value):
    """A value as JSON has it: strings as keys, lists, Python's numbers, null for NaN."""
    if isinstance(value, dict):
        return {str(key): plain_values(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_values(item) for item in value]
    if hasattr(value, "tolist"):
        return plain_values(value.tolist())
    return None if isinstance(value, float) and value != value else value
