"""What is timed, each in a child process of `reproduce.bench.worker`.

A job is a module with ``prepare(**arguments)``, which returns ``(facts, calls)``: plain data, and functions
by name that do something, measure it and return numbers by name.
"""
