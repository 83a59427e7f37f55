"""Events in YAML, at a bounded cost.

PyYAML takes some twenty microseconds for each character of brackets, and the square of the
depth, so a body is small, flat and short before anything is made of it. Its events are counted
as they come, so that nothing behind a bound is looked at.
"""

from __future__ import annotations

import importlib
from typing import Any, Final

from umbel.errors import EventError

#: Bytes of a body; Celery sends one event in some 600, or two dozen of them together.
SIZE_MAX: Final = 64 * 1024
#: What may be open within each other, beginnings of lists and objects.
DEPTH_MAX: Final = 100
#: Values, and ends of lists and objects: one event has some fifty.
PARTS_MAX: Final = 4_000


def read_yaml(body: bytes) -> object:
    """The plain values in `body`. Raises `ValueError` for what is too large, and what PyYAML
    raises for what is not YAML."""
    try:
        yaml = importlib.import_module("yaml")
    except ImportError:
        raise EventError(
            "content-type",
            "A message is YAML. Install PyYAML beside Umbel, or set event_serializer = 'json' "
            "in the application that sends it.",
        ) from None
    if len(body) > SIZE_MAX:
        raise EventError(
            "too-large",
            f"A message in YAML holds more than {SIZE_MAX // 1024} kB and was not opened. "
            "Set event_serializer = 'json' in the application that sends it.",
        )
    text = body.decode("utf-8", "replace")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    _check(yaml, text, loader)
    return yaml.load(text, loader)


def _check(yaml: Any, text: str, loader: Any) -> None:
    depth = 0
    for count, one in enumerate(yaml.parse(text, loader)):
        # A few aliases, nested, write out to gigabytes; events have no use for them.
        if isinstance(one, yaml.AliasEvent):
            raise ValueError("it holds aliases")
        depth += isinstance(one, yaml.CollectionStartEvent)
        depth -= isinstance(one, yaml.CollectionEndEvent)
        if depth > DEPTH_MAX:
            raise ValueError(f"it is nested more than {DEPTH_MAX} levels deep")
        if count > PARTS_MAX:
            raise ValueError(f"it holds more than {PARTS_MAX:,} values")
