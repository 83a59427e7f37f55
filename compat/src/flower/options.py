"""`options`: Flower's options with their types and defaults, as one object.

Umbel itself reads the command line, `FLOWER_*` variables and `flowerconfig.py`; this object is for
code that sets options and gives them to `flower.app.Flower`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from flower.utils import strtobool

DEFAULT_CONFIG_FILE: Final = "flowerconfig.py"
#: Of the time of a task, as prometheus_client has them.
_BUCKETS: Final = (
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, float("inf"),
)  # fmt: skip
_COLUMNS: Final = "name,uuid,state,args,kwargs,result,received,started,runtime,worker"


class Error(Exception):
    """An option was set to a value of a wrong type."""


class _Option(NamedTuple):
    kind: type
    default: object
    many: bool = False


def _function(task: object) -> object:
    return task


_FUNCTION: Final = type(_function)
_OPTIONS: Final[dict[str, _Option]] = {
    "port": _Option(int, 5555),
    "address": _Option(str, ""),
    "unix_socket": _Option(str, ""),
    "debug": _Option(bool, False),
    "inspect_timeout": _Option(float, 1000.0),
    "auth": _Option(str, ""),
    "basic_auth": _Option(str, (), many=True),
    "oauth2_key": _Option(str, None),
    "oauth2_secret": _Option(str, None),
    "oauth2_redirect_uri": _Option(str, None),
    "max_workers": _Option(int, 5000),
    "max_tasks": _Option(int, 100_000),
    "db": _Option(str, "flower"),
    "persistent": _Option(bool, False),
    "state_save_interval": _Option(int, 0),
    "broker_api": _Option(str, None),
    "ca_certs": _Option(str, None),
    "certfile": _Option(str, None),
    "keyfile": _Option(str, None),
    "xheaders": _Option(bool, False),
    "auto_refresh": _Option(bool, True),
    "cookie_secret": _Option(str, None),
    "conf": _Option(str, DEFAULT_CONFIG_FILE),
    "enable_events": _Option(bool, True),
    "format_task": _Option(_FUNCTION, None),
    "natural_time": _Option(bool, False),
    "tasks_columns": _Option(str, _COLUMNS),
    "auth_provider": _Option(str, None),
    "url_prefix": _Option(str, None),
    "task_runtime_metric_buckets": _Option(float, _BUCKETS, many=True),
    "purge_offline_workers": _Option(int, None),
    "read_only": _Option(bool, False),
    "logging": _Option(str, "info"),
}


def _default(name: str) -> Any:
    if name == "cookie_secret":
        return secrets.token_urlsafe(64)
    option = _OPTIONS[name]
    return list(option.default) if isinstance(option.default, tuple) else option.default


class Options:
    """Options by attribute or key, where `_` and `-` are the same. An unknown one is an
    `AttributeError`, a value of a wrong type an `Error`."""

    def __init__(self) -> None:
        values = {name: _default(name) for name in _OPTIONS}
        object.__setattr__(self, "_values", values)
        object.__setattr__(self, "_said", set())

    def __getattr__(self, name: str) -> Any:
        values: dict[str, Any] = object.__getattribute__(self, "_values")
        return values[_checked(name)]

    def __setattr__(self, name: str, value: object) -> None:
        name = _checked(name)
        option = _OPTIONS[name]
        each = value if option.many and isinstance(value, list) else [value]
        if option.many and not isinstance(value, list):
            raise Error(f"Option {name!r} is required to be a list of {option.kind.__name__}")
        if value is not None and not all(_is_of(option.kind, one) for one in each):
            raise Error(f"Option {name!r} is required to be a {option.kind.__name__}")
        self._values[name] = value
        self._said.add(name)

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)

    def __setitem__(self, name: str, value: object) -> None:
        setattr(self, name, value)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.replace("-", "_") in _OPTIONS

    def __iter__(self) -> Iterator[str]:
        return iter(_OPTIONS)

    def parse(self, name: str, text: str) -> None:
        """Set an option from a text, as the command line and variables have it. Raises
        `ValueError`."""
        name = _checked(name)
        option = _OPTIONS[name]
        if option.kind is _FUNCTION:
            raise ValueError(f"{name} is a function of a configuration file")
        read = _READ[option.kind]
        setattr(self, name, [read(each) for each in text.split(",")] if option.many else read(text))

    def given(self) -> dict[str, Any]:
        """The options that were set, by name."""
        return {name: self._values[name] for name in _OPTIONS if name in self._said}


def _is_of(kind: type, value: object) -> bool:
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def _checked(name: str) -> str:
    known = name.replace("-", "_")
    if known not in _OPTIONS:
        raise AttributeError(f"Unrecognized option {name!r}")
    return known


_READ: Final[dict[type, Callable[[str], object]]] = {
    int: int,
    float: float,
    str: str,
    bool: lambda text: bool(strtobool(text)),
}

options: Final = Options()
default_options: Final = options
