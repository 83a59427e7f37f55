"""Which result backend an application has, and how Umbel reads it.

Celery's own backend objects know where results are, under which keys and with which
credentials; we use them below their decoding, with deadlines, and without what they do to a
backend that is only looked at (a test file, new tables).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from umbel.masking import mask_address
from umbel.process_secrets import learn, learn_configuration
from umbel.results import rpc
from umbel.results.backend import CeleryResults
from umbel.results.base import ResultBackend
from umbel.results.database import DatabaseReader
from umbel.results.django_cache import DjangoCacheReader, why_not_readable
from umbel.results.errors import translated
from umbel.results.generic import GenericReader
from umbel.results.keyvalue import (
    FileReader,
    KeyValueReader,
    MemcachedReader,
    RedisReader,
)
from umbel.results.reader import ResultReader
from umbel.results.unusable import UnusableResults

if TYPE_CHECKING:
    from celery import Celery

#: A connection, and each answer on it, must come within this long.
SOCKET_S: Final = 1.5
_CACHE_OF_DJANGO: Final = "django_celery_results.backends.cache"
#: What Celery does when it makes a backend that is only read here.
_SIDE_EFFECTS: Final = ("_do_directory_test", "_create_tables")


def open_results(
    app: Celery, open_queue: Callable[[], rpc.RpcReplies] | None = None
) -> ResultBackend:
    """The results of `app`'s tasks. Connects when first asked, and raises nothing: a backend
    that cannot be used says so in every call. `open_queue` makes a queue at the broker to which
    workers send results, for the backend rpc://."""
    from celery.app.backends import by_url

    given = app.backend_cls or app.conf.result_backend
    learn_configuration(app.conf)
    learn(given)
    url = _shown(app, given)
    try:
        kind, address = by_url(given, app.loader)
    except Exception as error:
        translated_error = translated(error, url)
        return UnusableResults(url, translated_error.message, translated_error.remedy)
    if open_queue is not None and "celery.backends.rpc" in _modules(kind):
        return rpc.RpcResults(open_queue)
    why = _why_not(app, kind, str(given))
    if why is not None:
        return UnusableResults(url, why, rpc.REMEDY)
    return CeleryResults(url, _maker(app, kind, address))


def _maker(app: Celery, kind: type[Any], address: str | None) -> Callable[[], ResultReader]:
    modules = _modules(kind)
    quiet = {name: _nothing for name in _SIDE_EFFECTS if hasattr(kind, name)}
    silent: type[Any] = type(kind.__name__, (kind,), quiet)

    def make() -> ResultReader:
        backend = silent(app=app, url=address)
        # One attempt: who asks is told at once, and asks again.
        backend.always_retry = False
        backend.max_retries = 0
        if "celery.backends.redis" in modules:
            _hurry_redis(backend)
            return RedisReader(backend)
        if "celery.backends.database" in modules:
            return DatabaseReader(backend)
        if "celery.backends.filesystem" in modules:
            return FileReader(backend)
        if "celery.backends.cache" in modules:
            _hurry_memcached(backend)
            return MemcachedReader(backend)
        if _CACHE_OF_DJANGO in modules:
            return DjangoCacheReader(backend)
        if _is_key_value(kind):
            return KeyValueReader(backend)
        return GenericReader(backend)

    return make


def _is_key_value(kind: type[Any]) -> bool:
    """Whether metas are kept as one encoded value, as Celery does; a class of somebody else
    may have its own ways."""
    from celery.backends.base import Backend, BaseKeyValueStoreBackend

    return (
        issubclass(kind, BaseKeyValueStoreBackend)
        and kind._get_task_meta_for is BaseKeyValueStoreBackend._get_task_meta_for
        and kind.decode is Backend.decode
    )


def _nothing(_backend: object, *_arguments: object) -> None:
    """In place of what a reader has no business to do."""


def _modules(kind: type[Any]) -> frozenset[str]:
    return frozenset(base.__module__ for base in kind.__mro__)


def _why_not(app: Celery, kind: type[Any], given: str) -> str | None:
    """The sentence that says why nobody can read such a backend; None if one can."""
    from celery.backends.base import Backend, DisabledBackend

    modules = _modules(kind)
    if issubclass(kind, DisabledBackend):
        return (
            "No result backend is known: the application has none, or none was named with -A or "
            "--result-backend."
        )
    if "celery.backends.rpc" in modules:
        return rpc.WHY
    if "celery.backends.cache" in modules and "memory" in given:
        return (
            "The result backend cache+memory:// keeps results in the memory of each process, "
            "so Umbel cannot read them."
        )
    if _CACHE_OF_DJANGO in modules:
        return why_not_readable(app)
    if issubclass(kind, Backend) and hasattr(kind, "_get_task_meta_for"):
        return None
    return f"Umbel cannot read results of the kind {kind.__name__} ({mask_address(given)})."


def _hurry_redis(backend: Any) -> None:
    """Deadlines and no retries, for the server and for the Sentinels that know it."""
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    wanted = {
        name: min(backend.connparams.get(name) or SOCKET_S, SOCKET_S)
        for name in ("socket_timeout", "socket_connect_timeout")
        if name in backend.connparams
    }
    hurry = {**wanted, "retry": Retry(NoBackoff(), 0)}
    backend.connparams.update(hurry)
    backend.retry_policy = {"max_retries": 0}
    if "hosts" in backend.connparams:
        options = dict(backend._transport_options)
        options["sentinel_kwargs"] = {**hurry, **options.get("sentinel_kwargs", {})}
        backend._transport_options = options


def _hurry_memcached(backend: Any) -> None:
    """Deadlines for pymemcache; the client of earlier versions of Celery knows none of them."""
    from celery.backends import cache

    if hasattr(cache, "get_memcache_client"):
        deadlines = {"connect_timeout": SOCKET_S, "timeout": SOCKET_S}
        backend.options = {**backend.options, **deadlines}


def _shown(app: Celery, given: object) -> str:
    """Where it is, for people; of a class or an alias as far as the settings say."""
    text = str(given or "disabled://")
    conf = app.conf
    if text in {"db", "database"} and conf.database_url:
        return mask_address(f"db+{conf.database_url}")
    if text == "redis":
        host, port = conf.redis_host or "localhost", conf.redis_port or 6379
        return mask_address(f"redis://{host}:{port}/{conf.redis_db or 0}")
    if text == "cache" and conf.cache_backend:
        return mask_address(str(conf.cache_backend))
    return mask_address(text)
