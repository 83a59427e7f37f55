"""A producer whose messages hold values of Python, whatever their serializer is.

JSON has no dates, bytes or decimals: kombu's serializer wraps them
(`{"__type__": "datetime", "__value__": ...}`), and its decoder at the worker opens them. Arguments
that were recovered for a retry, or that a person typed, are JSON with such wrappers. In a message
of another serializer (pickle, YAML, msgpack) nobody would open them, and the task would get a
dictionary in the place of its date. Source: kombu/utils/json.py (`object_hook`).
"""

from __future__ import annotations

from typing import Any, Final

from kombu.messaging import Producer
from kombu.serialization import registry
from kombu.utils.json import object_hook

_Producer: Any = Producer
_WRAPPER: Final = frozenset({"__type__", "__value__"})
_JSON: Final = "application/json"


class TaskProducer(_Producer):  # type: ignore[misc]
    """One thread's, as kombu's own."""

    def publish(self, body: Any, *args: Any, **options: Any) -> Any:
        """As kombu's. Raises besides what kombu raises `ValueError` or `TypeError` where a wrapper
        holds what is no value of its type."""
        serializer = options.get("serializer") or self.serializer
        # Of several that write JSON, kombu's decoder reads the messages of all.
        if registry.name_to_type.get(serializer, serializer) not in {_JSON, None}:
            body = unwrapped(body)
        return super().publish(body, *args, **options)


def unwrapped(value: Any) -> Any:
    """`value` with the values that kombu's wrappers stand for; a wrapper of a type that is not
    registered here stays."""
    if isinstance(value, dict):
        opened = {key: unwrapped(each) for key, each in value.items()}
        return _opened(opened) if opened.keys() == _WRAPPER else opened
    if isinstance(value, list | tuple):
        return type(value)(map(unwrapped, value)) if type(value) in (list, tuple) else value
    return value


def _opened(wrapper: dict[str, Any]) -> Any:
    try:
        return object_hook(wrapper)
    except ValueError as error:
        if error.args[:1] == ("Unsupported type",):
            return wrapper
        raise
