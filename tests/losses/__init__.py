"""The losses beside independent implementations and their properties."""
