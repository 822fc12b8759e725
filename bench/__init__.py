"""Benchmarks: `make bench`, or `python -m bench [--json FILE] [ROW ...]`. See bench/README.md."""
