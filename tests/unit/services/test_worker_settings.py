"""Settings are read by Celery's names, however the application writes them."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from celery import Celery
from celery.app import defaults

from umbel.services.cluster import worker_settings
from umbel.services.cluster.worker_settings import settings_of

WANTED: Mapping[str, Any] = {
    "accept_content": ["json", "pickle"],
    "broker_transport_options": {"visibility_timeout": 9},
    "event_serializer": "json",
    "result_backend": "cache+memory://",
    "result_expires": 60,
    "result_extended": True,
    "result_serializer": "pickle",
    "task_acks_late": True,
    "task_ignore_result": True,
    "task_reject_on_worker_lost": True,
    "task_serializer": "json",
    "task_soft_time_limit": 20,
    "task_time_limit": 30,
    "worker_prefetch_multiplier": 1,
}


def answer(settings: Mapping[str, Any], namespace: str | None = None) -> dict[str, Any]:
    """What a worker of such an application answers to `inspect conf`."""
    app = Celery("shop", set_as_current=False)
    app.config_from_object(SimpleNamespace(**settings), namespace=namespace)
    return dict(app.conf.table())


def in_capitals(prefix: str) -> dict[str, Any]:
    return {f"{prefix}_{name.upper()}": value for name, value in WANTED.items()}


@pytest.mark.parametrize("namespace", ["CELERY", "SHOP", "MY_SHOP"])
def test_settings_of_a_django_project_are_read(namespace: str) -> None:
    settings = in_capitals(namespace) | {"TIME_ZONE": "UTC", "SECRET_KEY": "x", "DEBUG": True}

    found = settings_of(answer(settings, namespace))

    assert {name: found[name] for name in WANTED} == WANTED
    assert (found["TIME_ZONE"], found["DEBUG"]) == ("UTC", True)


def test_settings_in_names_of_before_celery_4_are_read() -> None:
    old = {old: WANTED[new] for old, new in worker_settings._OLD.items() if new in WANTED}

    found = settings_of(answer(old))

    assert {name: found[name] for name in WANTED} == WANTED
    assert worker_settings._OLD.items() <= defaults._TO_NEW_KEY.items()


def test_settings_in_celerys_own_names_stay_as_they_are() -> None:
    found = settings_of(answer(WANTED))

    assert {name: found[name] for name in WANTED} == WANTED


def test_an_old_name_behind_a_prefix_has_no_effect_and_none_is_read() -> None:
    """Celery of a project with `namespace="CELERY"` reads no `CELERY_ACKS_LATE`."""
    settings = {"CELERY_BROKER_URL": "memory://", "CELERY_ACKS_LATE": True}

    assert "task_acks_late" not in settings_of(answer(settings, "CELERY"))
