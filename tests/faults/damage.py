"""What disks do to files."""


def truncate(path):
    """Keep the first half of a file."""
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def flip_a_bit(path, offset=None):
    """Flip the lowest bit of one byte, by default of the one in the middle."""
    offset = path.stat().st_size // 2 if offset is None else offset
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 1]))
