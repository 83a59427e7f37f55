"""The Python API: what `umbel` exports (docs/python-api.md).

Reading order: `info` (the shape of a task), `terms` and `sorting` (pure), `filters` (filters to
one query), `sources` (what every function asks), `local`, `remote` and `celery_state` (the three
sources), `events` (opening them), then `tasks` and `control`, the functions themselves.
"""
