"""2,000 damaged files, each in place of a valid one: refused by name or still the same, never a traceback.

Damage is drawn from one seed, so that every run sees the same files.
"""

import contextlib
import io
import json
import os
import signal
import struct
import zlib
from collections import Counter

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from selfsup_segmentation.data.decode import read_instances, read_labels, read_rgb
from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.files import KINDS
from selfsup_segmentation.data.layouts import LAYOUTS
from selfsup_segmentation.data.scenes import write_cityscapes, write_kitti
from selfsup_segmentation.data.verify.frame import check_frame
from selfsup_segmentation.data.verify.report import FrameFiles

VARIANTS = 2000
SECONDS = 20  # for one file, after which it counts as a hang
FRAMES = {
    "cityscapes": {
        "left": "leftImg8bit/train/lindental/lindental_000000_000019_leftImg8bit.png",
        "right": "rightImg8bit/train/lindental/lindental_000000_000019_rightImg8bit.png",
        "labels": "gtFine/train/lindental/lindental_000000_000019_gtFine_labelIds.png",
        "instances": "gtFine/train/lindental/lindental_000000_000019_gtFine_instanceIds.png",
        "disparity": "disparity/train/lindental/lindental_000000_000019_disparity.png",
        "camera": "camera/train/lindental/lindental_000000_000019_camera.json",
    },
    "kitti": {
        "left": "training/image_2/000000_10.png",
        "right": "training/image_3/000000_10.png",
        "labels": "training/semantic/000000_10.png",
        "disparity": "training/disp_occ_0/000000_10.png",
        "camera": "training/calib_cam_to_cam/000000.txt",
    },
}


def read(layout, part, path):
    """Content of a file as training reads it."""
    layout = LAYOUTS[layout]
    readers = {"labels": read_labels, "instances": read_instances}
    readers |= {"disparity": layout.read_disparity, "camera": layout.read_camera}
    return readers.get(part, read_rgb)(path)


# --- damage: (generator, valid file, the frame's other contents) -> content ------------------------------


def truncated(rng, file, others):
    return file[: rng.integers(1, len(file))]


def flipped_bits(rng, file, others):
    content = bytearray(file)
    for bit in rng.integers(8 * len(file), size=rng.choice([1, 1, 1, 2, 20])):
        content[bit // 8] ^= 1 << (bit % 8)
    return bytes(content)


def zeroed_block(rng, file, others):
    start = rng.integers(len(file))
    size = min(int(rng.integers(1, 512)), len(file) - start)
    return file[:start] + bytes(size) + file[start + size :]


def lost_or_inserted_bytes(rng, file, others):
    start, size = rng.integers(len(file)), int(rng.integers(1, 40))
    return file[:start] + (file[start + size :] if rng.random() < 0.5 else rng.bytes(size) + file[start:])


def bytes_after_the_end(rng, file, others):
    return file + rng.bytes(rng.integers(1, 100))


def empty(rng, file, others):
    return b""


def another_part(rng, file, others):
    return others[rng.integers(len(others))]


def another_format(rng, file, others):
    texts = {"text": b"not here\n" * 50, "html": b"<html>Please log in</html>", "random": rng.bytes(999)}
    kind = rng.choice(["JPEG", "GIF", "TIFF", "BMP", "WEBP", *texts])
    if kind in texts:
        return texts[kind]
    return encode(Image.fromarray(rng.integers(0, 256, (64, 128, 3), dtype=np.uint8)), kind)


def another_mode(rng, file, others):
    image = Image.open(io.BytesIO(file))
    modes = {"RGB": ["RGBA", "P", "L", "1", "LA"], "L": ["RGB", "P", "1", "I;16", "RGBA"]}
    mode = str(rng.choice(modes.get(image.mode, ["L", "1", "RGB"])))
    if image.mode == "I;16" and mode != "L":
        image = image.convert("L")
    return encode(image.convert(mode))


def another_size(rng, file, others):
    image = Image.open(io.BytesIO(file))
    width, height = image.size
    sizes = [(width // 2, height // 2), (width - 1, height), (width, height + 1), (1, 1), (2 * width, height)]
    return encode(image.resize(sizes[rng.integers(len(sizes))], Image.Resampling.NEAREST))


def absurd_header(rng, file, others):
    numbers = [0, 1, 63, 65, 100_000, 2**20, 2**31 - 1, 2**31, 2**32 - 1]
    header = struct.pack(">II", *(int(number) for number in rng.choice(numbers, size=2))) + file[24:29]
    if rng.random() < 0.5:
        return file[:8] + chunk(b"IHDR", header) + file[33:]
    return file[:16] + header + file[29:]  # with the old checksum


def shuffled_chunks(rng, file, others):
    """Every checksum fits, and still it is no image."""
    chunks, action = split_chunks(file), rng.integers(5)
    index = int(rng.integers(len(chunks)))
    name, content = chunks[index]
    if action == 0:
        del chunks[index]
    elif action == 1:
        chunks.insert(int(rng.integers(len(chunks))), chunks[index])
    elif action == 2:
        chunks[index] = (rng.choice([b"IDAT", b"IEND", b"PLTE", b"acTL", b"fcTL", b"iCCP", b"tRNS"]), content)
    elif action == 3:
        chunks[index] = (name, rng.bytes(len(content)))
    else:
        chunks[index] = (name, content[: len(content) // 2])
    return file[:8] + b"".join(chunk(*each) for each in chunks)


def bomb(rng, file, others):
    name = rng.choice([b"zTXt", b"iTXt", b"iCCP", b"IDAT"])
    prefix = {b"zTXt": b"a\0\0", b"iTXt": b"a\0\1\0\0\0", b"iCCP": b"a\0\0", b"IDAT": b""}[bytes(name)]
    return file[:33] + chunk(bytes(name), prefix + ZEROS) + file[33:]


def encoded_again(rng, file, others):
    image = Image.open(io.BytesIO(file))
    return encode(image, compress_level=int(rng.integers(10)), optimize=bool(rng.integers(2)))


def broken_text(rng, file, others):
    text = file.decode()
    values = ["null", "NaN", "Infinity", "-1", "0", '"x"', "[]", "{}", "1e999", "9" * 400, "[" * 99_999]
    number = str(rng.choice(values))
    if text.startswith("{"):
        content = json.loads(text)
        group = str(rng.choice(["intrinsic", "extrinsic"]))
        name = {"intrinsic": "fx", "extrinsic": "baseline"}[group]
        if rng.random() < 0.3:
            del content[group][name]
        elif rng.random() < 0.2:
            content[group] = [1, 2]
        else:
            content[group][name] = "HERE"
        coding = "utf-8" if rng.random() < 0.9 else "utf-16"
        return json.dumps(content).replace('"HERE"', number).encode(coding)
    lines = text.splitlines()
    place = int(rng.choice([i for i, line in enumerate(lines) if line.startswith("P_rect")]))
    words = lines[place].split()
    words[int(rng.choice([0, 1, 4, 6]))] = number[:500]  # name, f, f·t, and one that nothing reads
    lines[place] = " ".join(words)
    if rng.random() < 0.3:
        del lines[place]
    return "\n".join(lines).encode()


def encode(image, kind="PNG", **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def chunk(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def split_chunks(png):
    chunks, position = [], 8
    while position < len(png):
        length, name = struct.unpack_from(">I4s", png, position)
        chunks.append((name, png[position + 8 : position + 8 + length]))
        position += 12 + length
    return chunks


ZEROS = zlib.compress(bytes(2**27), 9)


# --- damage that is no file: path -> None -------------------------------------------------------------------


NO_FILES = {
    "folder": lambda path: path.mkdir(),
    "dangling link": lambda path: path.symlink_to("nowhere"),
    "link to itself": lambda path: path.symlink_to(path.name),
    "pipe": os.mkfifo,
}
ANY = [
    *([truncated] * 3),
    *([flipped_bits] * 4),
    *(zeroed_block, lost_or_inserted_bytes, bytes_after_the_end, empty, another_part, another_format),
]
PNG = [another_mode, another_size, absurd_header, shuffled_chunks, bomb, encoded_again]
TEXT = [broken_text] * 6
MAY_PASS = {  # where no pixel is, and where no number is that anything depends on; texts have no checksum
    *("bytes after the end", "shuffled chunks", "encoded again", "broken text"),
    *(f"{kind} (text)" for kind in ("truncated", "flipped bits", "lost or inserted bytes")),
    "bytes after the end (text)",
}
TARGETS = [(layout, part) for layout, files in FRAMES.items() for part in files]


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    """One frame in each layout; its images have chunks that no pixel depends on."""
    folder = tmp_path_factory.mktemp("fuzz")
    write_cityscapes(folder / "cityscapes", {"train": 1}, size=(128, 64), seed=1, processes=1)
    write_kitti(folder / "kitti", 1, size=(160, 48), seed=1, processes=1)
    for layout, files in FRAMES.items():
        for file in files.values():
            path = folder / layout / file
            if path.suffix == ".png":
                text = PngImagePlugin.PngInfo()
                text.add_text("Comment", "before the pixels")
                text.add(b"beHi", b"nd the pixels", after_idat=True)
                path.write_bytes(encode(Image.open(path), pnginfo=text, dpi=(72, 72)))
    return folder


@contextlib.contextmanager
def no_hang(variant):
    def stop(*_):
        pytest.fail(f"{variant}: no answer after {SECONDS} s")  # no reader catches this, as it may an OSError

    previous = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def test_damaged_files_are_named_or_unchanged(roots):
    tally = {}
    for number in range(VARIANTS):
        layout, part = TARGETS[number % len(TARGETS)]
        root = roots / layout
        damages = [*ANY, *(TEXT if part == "camera" else PNG), *NO_FILES]
        damage = damages[number // len(TARGETS) % len(damages)]
        kind = damage if damage in NO_FILES else damage.__name__.replace("_", " ")
        kind += " (text)" if part == "camera" and damage not in (*NO_FILES, broken_text) else ""
        variant = f"variant {number}, {kind} in place of the {part} file of {layout}"
        expected = read(layout, part, root / FRAMES[layout][part])
        files = {name: root / file for name, file in FRAMES[layout].items()}
        try:
            with replaced(files, part, damage, np.random.default_rng([7, number])), no_hang(variant):
                verdict = judge(layout, root, part, expected)
        except Exception as error:
            raise AssertionError(variant) from error
        tally.setdefault(kind, Counter())[verdict] += 1
    assert sum(tally.values(), Counter()).total() == VARIANTS
    for kind, counts in tally.items():
        assert kind in MAY_PASS or counts.keys() == {"named"}, kind
    assert tally["encoded again"].keys() == {"unchanged"}


@contextlib.contextmanager
def replaced(files, part, damage, rng):
    """Damage in place of one of a frame's files, for a while."""
    path = files[part]
    content, rest = path.read_bytes(), [file.read_bytes() for file in files.values() if file != path]
    path.unlink()
    try:
        if damage in NO_FILES:
            NO_FILES[damage](path)
        else:
            path.write_bytes(damage(rng, content, rest))
        yield
    finally:
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink(missing_ok=True)
        path.write_bytes(content)


def judge(layout, root, part, expected):
    """``named``, ``unchanged``, or ``other number`` for a text that is as good as the original."""
    path = root / FRAMES[layout][part]
    frame = FrameFiles(LAYOUTS[layout], root, "train", "frame", FRAMES[layout])
    problems = check_frame(frame).problems
    for problem in problems:
        assert problem.text.endswith(".") and "\n" not in problem.text, problem
    try:
        found = read(layout, part, path)
    except InputError as error:  # what training says, verify says
        assert str(error) in [problem.text for problem in problems if problem.kind in KINDS]
        return "named"
    if problems:
        assert any(str(path) in problem.text for problem in problems), problems
        return "named"
    if part == "camera":
        return "unchanged" if found == expected else "other number"
    assert np.array_equal(found, expected, equal_nan=True)  # no pixel has changed without an error
    return "unchanged"
