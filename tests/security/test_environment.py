"""Nobody inherits secrets that they have no use for: not the collector, not the application that
is imported, not what it starts."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from tests.support.brokers import redis_database
from tests.support.processes import children
from tests.support.umbels import umbel_environment, umbel_serve
from umbel.settings import load_settings
from umbel.settings.child_environment import as_collectors_environment, forget_secrets
from umbel.settings.tree import Settings

#: Shows each process that imports it what it would inherit.
APPLICATION = """
import json, os, pathlib
from celery import Celery
app = Celery("shop", broker={broker!r})
seen = pathlib.Path({folder!r}) / f"{{os.getpid()}}.environment"
seen.write_text(json.dumps(dict(os.environ)))
"""
SECRETS = {
    "UMBEL_AUTH_USERS": "ada:admin:PLANTED-users",
    "UMBEL_BASIC_AUTH": "bob:PLANTED-basic",
    "UMBEL_BROKER_API": "http://u:PLANTED-api@127.0.0.1:1/",
    "UMBEL_TOKEN": "umbel_ci_PLANTED",
    "FLOWER_OAUTH2_SECRET": "PLANTED-oauth",
    "FLOWER_COOKIE_SECRET": "PLANTED-cookie",
}


def everything_set(tmp_path: Path) -> Settings:
    """Settings of which none that a collector reads has its default."""
    line: dict[str, object] = {
        "app": "shop:app",
        "broker": "redis://:broker-secret@h/3",
        "broker_option": ("master_name=shop",),
        "data": str(tmp_path),
        "cluster_moved": True,
        "log_level": "info",
        "log_format": "json",
        "retention.max_age": "2d",
        "retention.max_size": "none",
        "retention.max_tasks": "5000",
        "collector.batch_interval": "250ms",
        "collector.batch_events": "77",
        "collector.buffer": "9MB",
        "collector.runtime_buckets": "1,2",
        "collector.queue": "mine",
        "collector.queue_type": "quorum",
        "collector.queue_ttl": "1h",
        "collector.queue_expires": "2h",
        "collector.queue_max_size": "5MB",
        "store.partition_tasks": "5000",
        "auth.users": "ada:admin:PLANTED",
        "basic_auth": "bob:PLANTED",
        "broker_api": "http://u:PLANTED@h:15672/",
        "result_backend": "redis://:backend-secret@h/4",
        "tls_key": str(tmp_path / "PLANTED.pem"),
        "tls_cert": str(tmp_path / "cert.pem"),
    }
    return load_settings(line, {"HOME": str(tmp_path)}, tmp_path).settings


def test_a_collector_is_told_what_it_reads_and_nothing_of_who_may_log_in(tmp_path: Path) -> None:
    mine = everything_set(tmp_path)

    environ = as_collectors_environment(mine, SECRETS | {"PATH": "/bin", "DATABASE_URL": "kept"})
    theirs = load_settings({}, environ, tmp_path).settings

    assert not [name for name, value in environ.items() if "PLANTED" in value]
    assert (environ["PATH"], environ["DATABASE_URL"]) == ("/bin", "kept")
    for name in (
        *("app", "broker", "broker_option", "result_backend", "data", "cluster_moved", "log_level"),
    ):
        assert getattr(theirs, name) == getattr(mine, name), name
    for name in ("collector", "store", "retention"):
        assert dataclasses.asdict(getattr(theirs, name)) == dataclasses.asdict(getattr(mine, name))


def test_what_a_server_has_read_it_forgets() -> None:
    environ = SECRETS | {"PATH": "/bin", "UMBEL_PORT": "5555", "UMBEL_DATA": "/d"}

    forget_secrets(environ)

    assert environ == {"PATH": "/bin", "UMBEL_PORT": "5555", "UMBEL_DATA": "/d"}


@pytest.mark.redis
def test_neither_the_collector_nor_the_application_inherits_secrets(tmp_path: Path) -> None:
    with redis_database() as broker:
        program = APPLICATION.format(broker=broker, folder=str(tmp_path))
        (tmp_path / "shop_of_environments.py").write_text(program)
        environment = umbel_environment(PYTHONPATH=str(tmp_path), **SECRETS)
        options = ("-A", "shop_of_environments:app")
        with umbel_serve(
            broker, tmp_path / "data", *options, live=False, environment=environment
        ) as umbel:
            collector = next(iter(children(umbel.process.pid)))
            inherited = Path(f"/proc/{collector}/environ").read_bytes()
            imported = [path.read_text() for path in tmp_path.glob("*.environment")]

    assert b"UMBEL_BROKER=" in inherited
    assert b"PLANTED" not in inherited
    assert imported
    assert not any("PLANTED" in each for each in imported)
