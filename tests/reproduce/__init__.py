"""The command line and what it writes: tables, figures, reports, exports."""
