"""Django's caches, read without unpickling (see `pickled`).

Results of `django-cache` lie in a cache of the project's settings. A cache of the same place and
settings is made for Umbel alone, whose code has `read_pickle` for `pickle.loads`; the project's
own, which other code of this process may use, is left as it is.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from types import FunctionType, SimpleNamespace
from typing import Any, Final

from umbel.results.base import KeptGroup, Result, TaskCanvas
from umbel.results.django_connections import close_connections, fresh_connections
from umbel.results.keyvalue import KeyValueReader
from umbel.results.payload import UnreadableResult
from umbel.results.pickled import read_next_pickle, read_pickle

_BACKENDS: Final = "django.core.cache.backends."
#: Modules whose own code loads pickles.
_PICKLING: Final = frozenset({_BACKENDS + "db", _BACKENDS + "filebased"})
_READABLE: Final = (
    "Umbel reads Django's caches in Redis, memcached (PyMemcacheCache), files and databases."
)


class DjangoCacheReader(KeyValueReader):
    """Reads through a `CacheBackend` (django_celery_results/backends/cache.py), which keeps
    metas as they are and leaves it to the cache to encode them."""

    def __init__(self, backend: Any) -> None:
        kind, location, parameters = _found(backend.app)
        type(backend).cache_backend = kind(location, parameters)
        super().__init__(backend)

    def fetch(self, task_ids: Sequence[str]) -> dict[str, Result]:
        with fresh_connections():
            return super().fetch(task_ids)

    def task_canvases(self, task_ids: Sequence[str]) -> dict[str, TaskCanvas]:
        with fresh_connections():
            return super().task_canvases(task_ids)

    def kept_groups(self, group_ids: Sequence[str]) -> dict[str, KeptGroup]:
        with fresh_connections():
            return super().kept_groups(group_ids)

    def release(self) -> None:
        self._backend.cache_backend.close()
        close_connections()


def why_not_readable(app: Any) -> str | None:
    """The sentence that says why nobody can read the project's cache from here; None if one
    can."""
    try:
        _found(app)
    except UnreadableResult as trouble:
        return trouble.why
    return None


def _found(app: Any) -> tuple[type[Any], str, dict[str, Any]]:
    """What the cache for results is made of. Raises `UnreadableResult`."""
    settings: Any = importlib.import_module("django.conf").settings
    alias = app.conf.cache_backend or "default"
    if alias not in settings.CACHES:
        raise UnreadableResult(f"The project has no cache {alias} (CACHES in its settings).")
    given: Mapping[str, Any] = settings.CACHES[alias]
    parameters = {name: value for name, value in given.items() if name != "BACKEND"}
    location = parameters.pop("LOCATION", "")
    return _reading(_imported(given["BACKEND"]), parameters), location, parameters


def _reading(kind: type[Any], parameters: dict[str, Any]) -> type[Any]:
    """The class of the cache, or one of it that loads plainly; `parameters` are set so."""
    modules = {base.__module__ for base in kind.__mro__}
    if modules & _PICKLING:
        return _reading_plainly(kind)
    options = dict(parameters.get("OPTIONS") or {})
    if _BACKENDS + "redis" in modules and "serializer" not in options:
        parameters["OPTIONS"] = options | {"serializer": _serializer()}
        return kind
    if kind.__name__ == "PyMemcacheCache" and "serde" not in options:
        parameters["OPTIONS"] = options | {"serde": _Serde()}
        return kind
    if _BACKENDS + "locmem" in modules:
        raise UnreadableResult(
            "The project's cache keeps values in the memory of each process (LocMemCache), so "
            f"nobody but the worker can read its results. {_READABLE}"
        )
    raise UnreadableResult(f"The project's cache {kind.__name__} loads pickles. {_READABLE}")


def _imported(path: str) -> type[Any]:
    module, _, name = path.rpartition(".")
    found: type[Any] = getattr(importlib.import_module(module), name)
    return found


def _reading_plainly(kind: type[Any]) -> type[Any]:
    """The class, with each method that knows `pickle` by that name given ours instead."""
    methods = {
        name: _with_safe_pickle(method)
        for base in reversed(kind.__mro__)
        if base.__module__ in _PICKLING
        for name, method in vars(base).items()
        if isinstance(method, FunctionType) and "pickle" in method.__code__.co_names
    }
    return type(kind.__name__, (kind,), methods)


def _with_safe_pickle(method: FunctionType) -> FunctionType:
    # A copy of the module's names would miss what is put into them later; nothing is.
    dumps = method.__globals__["pickle"].dumps
    safe_pickle = SimpleNamespace(loads=read_pickle, load=read_next_pickle, dumps=dumps)
    names = {**method.__globals__, "pickle": safe_pickle}
    made = FunctionType(
        method.__code__, names, method.__name__, method.__defaults__, method.__closure__
    )
    made.__kwdefaults__ = method.__kwdefaults__
    return made


def _serializer() -> Any:
    kind: Any = importlib.import_module(_BACKENDS + "redis").RedisSerializer

    class SafeSerializer(kind):  # type: ignore[misc]
        """Django's own, but for what it loads."""

        def loads(self, data: bytes) -> object:
            try:
                return int(data)
            except ValueError:
                return read_pickle(data)

    return SafeSerializer


class _Serde:
    """pymemcache's own (pymemcache/serde.py), but for pickles, which it flags with 1."""

    def __init__(self) -> None:
        self._own: Any = importlib.import_module("pymemcache.serde").pickle_serde

    def serialize(self, key: object, value: object) -> object:
        return self._own.serialize(key, value)

    def deserialize(self, key: object, value: bytes, flags: int) -> object:
        return read_pickle(value) if flags & 1 else self._own.deserialize(key, value, flags)
