"""Whether this machine trains as it should, and how fast: short trainings on embedded scenes."""
