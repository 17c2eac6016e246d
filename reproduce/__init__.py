"""The tables: what the paper published, what was measured here, and the command line that makes both meet."""
