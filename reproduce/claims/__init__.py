"""The claims of the paper's text, checked."""
