"""Measures Umbel beside Flower on the same messages; `python -m bench --help` tells how."""
