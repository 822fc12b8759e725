"""Fuzzing of `verify`: `make fuzz MINUTES=30`, or `python -m tests.fuzz`. See README.md beside this file."""
