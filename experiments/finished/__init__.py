"""What a finished run can be used for."""
