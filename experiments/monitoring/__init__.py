"""What is seen while a run trains."""
