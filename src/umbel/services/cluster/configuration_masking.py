"""What workers tell of their configuration, without its secrets.

Theory of operation. A configuration is where passwords live: in URLs, in lists of URLs for
failover, in options of transports and backends, in settings of the application's own. Which
names are secret cannot be listed, so it is the other way round. A value is shown if its
setting is listed here (`SHOWN_SETTINGS`), if it is an address of which only the harmless parts
are kept (`ADDRESSES`), or if it cannot be a secret (none, a truth value, a number under a
name that does not sound like one). All else is `***`. Names are always shown, but for what looks
like an address with a password in them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from umbel.masking import MASK, mask_address
from umbel.secret_scrubbing import scrub
from umbel.services.cluster.worker_settings import celery_names

ADDRESSES: Final = frozenset(
    {"broker_url", "broker_read_url", "broker_write_url", "result_backend", "cache_backend",
     "database_url"}
)  # fmt: skip
#: Dicts of options, of which names, numbers and a few texts are shown.
OPTIONS: Final = frozenset(
    {"broker_transport_options", "result_backend_transport_options", "task_publish_retry_policy",
     "transport_options", "retry_policy"}
)  # fmt: skip
SHOWN_SETTINGS: Final = frozenset(
    {
        "accept_content", "beat_max_loop_interval", "beat_schedule_filename", "beat_scheduler",
        "broker_failover_strategy", "broker_host", "broker_login_method",
        "broker_native_delayed_delivery_queue_type", "broker_transport", "broker_user",
        "broker_vhost", "control_exchange", "enable_utc", "event_exchange",
        "event_queue_prefix", "event_serializer", "imports", "include", "redis_host",
        "result_accept_content", "result_compression", "result_exchange",
        "result_exchange_type", "result_serializer", "task_compression",
        "task_create_missing_queue_exchange_type", "task_create_missing_queue_type",
        "task_default_delivery_mode", "task_default_exchange", "task_default_exchange_type",
        "task_default_queue", "task_default_queue_type", "task_default_rate_limit",
        "task_default_routing_key", "task_protocol", "task_queues", "task_routes",
        "task_serializer", "timezone", "worker_agent", "worker_autoscaler", "worker_consumer",
        "worker_log_format", "worker_pool", "worker_pool_start_method",
        "worker_redirect_stdouts_level", "worker_state_db", "worker_task_log_format",
        "worker_timer",
    }
)  # fmt: skip
#: Texts among options that are shown.
_TEXT_OPTIONS: Final = frozenset(
    {"global_keyprefix", "master_name", "queue_name_prefix", "region", "fanout_prefix",
     "failover_strategy", "sep"}
)  # fmt: skip
#: What `stats` says of a worker's connection (kombu's `Connection.info`).
_CONNECTION: Final = frozenset(
    {"userid", "transport", "uri_prefix", "failover_strategy", "login_method"}
)
_AMQP: Final = frozenset({"amqp", "amqps", "pyamqp", "librabbitmq"})
_SECRET: Final = re.compile(
    r"(?i)pass|pwd|secret|token|key|credential|auth|sign|salt|pin\b|dsn|private|cert|cookie|session"
)


def mask_conf(conf: Mapping[str, object]) -> dict[str, object]:
    """A configuration as `inspect conf` gives it (JSON values), without secrets."""
    names = celery_names(conf)
    return {scrub(name): _setting(names[name], name, value) for name, value in conf.items()}


def mask_stats(stats: Mapping[str, object]) -> dict[str, object]:
    """A worker's `stats`, whose `broker` knows the URLs of failover and all options."""
    return {
        scrub(name): _connection(value) if name == "broker" else _inner(name, value)
        for name, value in stats.items()
    }


def _setting(celery_name: str, name: str, value: object) -> object:
    setting = celery_name.lower().removeprefix("celery_")
    if setting in ADDRESSES:
        return _each_address(value)
    if setting == "beat_schedule":
        return _schedule(value)
    if setting in OPTIONS:
        return _options(value)
    if setting == "task_routes":
        return _routes(value)
    if setting in SHOWN_SETTINGS:
        return _inner("", value)
    return _number(name, value)


def _each_address(value: object) -> object:
    match value:
        case str():
            return mask_address(value)
        case list():
            return [_each_address(one) for one in value]
        case None:
            return None
        case _:
            return MASK


def _schedule(value: object) -> object:
    """Entries of beat: what and when; their arguments and options are not for here."""
    if not isinstance(value, Mapping):
        return MASK
    shown = ("task", "schedule")
    return {
        scrub(name): {
            key: _inner("", entry[key])
            for key in shown
            if isinstance(entry.get(key), str | float | int)
        }
        if isinstance(entry, Mapping)
        else MASK
        for name, entry in value.items()
    }


def _options(value: object) -> object:
    if not isinstance(value, Mapping):
        return _number("", value)
    return {
        scrub(name): scrub(inner)
        if name in _TEXT_OPTIONS and isinstance(inner, str)
        else _number(name, inner)
        for name, inner in value.items()
    }


def _connection(value: object) -> object:
    if not isinstance(value, Mapping):
        return MASK
    shown: dict[str, object] = {}
    for name, inner in value.items():
        if name == "alternates":
            shown[name] = _each_address(inner)
        elif name in _PARTS and isinstance(inner, str):
            shown[name] = _PARTS[name](inner)
        elif name == "userid" and value.get("transport") not in _AMQP:
            # Elsewhere a lone user may be a key or a password.
            shown[name] = inner and MASK
        elif name in OPTIONS:
            shown[name] = _options(inner)
        else:
            shown[scrub(name)] = (
                scrub(inner)
                if name in _CONNECTION and isinstance(inner, str)
                else _number(name, inner)
            )
    return shown


def _host(text: str) -> str:
    return mask_address(text) if "://" in text else _unmasked("tcp://", text)


def _path(text: str) -> str:
    return text if _unmasked("tcp:///", text.lstrip("/")) != MASK else MASK


def _unmasked(before: str, text: str) -> str:
    """`text` if it would be shown there in an address."""
    return text if mask_address(before + text) == before + text else MASK


_PARTS: Final[Mapping[str, Callable[[str], str]]] = {"hostname": _host, "virtual_host": _path}


def _number(name: str, value: object) -> object:
    """The value if it cannot be a secret."""
    match value:
        case None | bool():
            return value
        case int() | float() if not _SECRET.search(name):
            return value
        case str() | list() | dict() if not value:
            return value
        case _:
            return MASK


def _routes(value: object) -> object:
    """Routes of tasks by their names, which may sound like anything (`auth.tokens.renew`)."""
    match value:
        case Mapping():
            return {
                scrub(task): _inner(task if isinstance(route, str) else "", route)
                for task, route in value.items()
            }
        case list():
            return [_routes(each) for each in value]
        case _:
            return _inner("", value)


def _inner(name: str, value: object, *, secret: bool = False) -> object:
    """A value of a harmless setting: still no text under a name that sounds like a secret, however
    deep, and no password inside a URL."""
    secret = secret or (_SECRET.search(name) is not None and name != "routing_key")
    match value:
        case Mapping():
            return {scrub(key): _inner(key, inner, secret=secret) for key, inner in value.items()}
        case list():
            return [_inner(name, inner, secret=secret) for inner in value]
        case str():
            return MASK if secret else scrub(value)
        case _:
            return value
