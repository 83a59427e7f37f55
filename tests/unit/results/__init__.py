"""How results are read."""
