"""Independent code that the project's own is compared with."""
