"""The rules of health: each a pure function from facts to findings, with its thresholds as
constants beside it. `table.py` lists them; docs/health.md has a section for each.
"""
