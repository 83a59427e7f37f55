"""A configuration is shown, its secrets are not."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from celery import Celery
from celery.schedules import crontab
from celery.utils.saferepr import saferepr
from celery.utils.serialization import jsonify
from kombu.connection import Connection
from kombu.entity import Exchange, Queue

from umbel.services.cluster.configuration_masking import mask_conf, mask_stats

SECRET = "s3cr3t"  # noqa: S105
_Connection: Any = Connection
_Exchange: Any = Exchange
_Queue: Any = Queue


def app_full_of_secrets() -> Celery:
    app = Celery("proj", set_as_current=False)
    app.conf.update(
        broker_url=[f"amqp://me:{SECRET}@a:5672/v", f"amqp://me:{SECRET}/x;@b:5672/v"],
        broker_read_url=f"amqp://me:{SECRET}@r//;amqp://me:{SECRET}@s//",
        broker_write_url=f"redis://:{SECRET}@w:6379/1",
        result_backend=f"sentinel://:{SECRET}@h1:26379/0;sentinel://:{SECRET}@h2:26379/0?x={SECRET}",
        cache_backend=f"azureblockblob://DefaultEndpointsProtocol=https;AccountKey={SECRET}=",
        broker_password=SECRET,
        broker_transport_options={
            "visibility_timeout": 43200,
            "global_keyprefix": "shop:",
            "sentinel_kwargs": {"password": SECRET},
            "client_name": SECRET,
            "predefined_queues": {"q": {"secret_access_key": SECRET}},
        },
        result_backend_transport_options={"master_name": "main", "sentinel_password": SECRET},
        broker_use_ssl={"keyfile": f"/{SECRET}.pem", "ca_certs": f"/{SECRET}"},
        redis_password=SECRET,
        s3_access_key_id=SECRET,
        s3_secret_access_key=SECRET,
        security_key=f"/{SECRET}",
        security_key_password=SECRET.encode(),
        mongodb_backend_settings={"password": SECRET, "database": "d"},
        couchbase_backend_settings={"password": SECRET},
        cassandra_auth_kwargs={"password": SECRET},
        database_engine_options={"connect_args": {"password": SECRET}},
        database_url=f"postgresql://u:{SECRET}@db:5432/celery?sslpassword={SECRET}&sslmode=on",
        beat_schedule={
            "nightly": {
                "task": "proj.report", "schedule": crontab(hour=3),
                "args": (SECRET,), "kwargs": {"token": SECRET}, "options": {"headers": SECRET},
            },
            "often": {"task": "proj.poll", "schedule": timedelta(seconds=10)},
        },
        task_routes={"proj.mail": {"queue": "mail", "routing_key": "mail.out"}},
        task_queues=[_Queue("mail", _Exchange("mail"), routing_key="mail")],
        task_annotations={"*": {"rate_limit": "10/s"}},
        my_pin=int("1234"), stripe={"live": SECRET}, stripe_live=SECRET, PASSWORDS=[SECRET],
        my_webhook=f"https://{SECRET}@hooks.example.com/{SECRET}",
        worker_prefetch_multiplier=1, timezone="Europe/Vienna", task_serializer="json",
    )  # fmt: skip
    return app


def said(app: Celery, *, censored: bool) -> dict[str, Any]:
    """What a worker answers to `inspect conf`, and what it would if Celery hid nothing."""
    table = dict(app.conf.table(with_defaults=False, censored=censored))
    conf: dict[str, Any] = json.loads(json.dumps(jsonify(table, unknown_type_filter=saferepr)))
    return conf


@pytest.mark.parametrize("censored", [True, False])
def test_no_secret_of_a_real_configuration_is_shown(censored: bool) -> None:
    conf = said(app_full_of_secrets(), censored=censored)
    assert SECRET in json.dumps(conf)

    shown = mask_conf(conf)

    assert SECRET not in json.dumps(shown)
    assert set(shown) == set(conf)
    assert shown["my_pin"] == "***"


def test_what_is_harmless_is_shown() -> None:
    shown: Any = mask_conf(said(app_full_of_secrets(), censored=False))

    assert shown["worker_prefetch_multiplier"] == 1
    assert shown["timezone"] == "Europe/Vienna"
    assert shown["task_routes"] == {"proj.mail": {"queue": "mail", "routing_key": "mail.out"}}
    assert shown["broker_url"][0] == "amqp://***@a:5672/v"
    assert shown["broker_read_url"] == "amqp://***@r//;amqp://***@s//"
    assert shown["broker_transport_options"]["visibility_timeout"] == 43200
    assert shown["broker_transport_options"]["global_keyprefix"] == "shop:"
    assert shown["result_backend_transport_options"]["master_name"] == "main"
    assert set(shown["beat_schedule"]) == {"nightly", "often"}
    assert shown["beat_schedule"]["nightly"]["task"] == "proj.report"
    assert "schedule" in shown["beat_schedule"]["nightly"]


@pytest.mark.parametrize("prefix", ["CELERY", "SHOP"])
def test_what_is_harmless_is_shown_of_a_django_project(prefix: str) -> None:
    conf = {f"{prefix}_BROKER_URL": f"redis://:{SECRET}@a", f"{prefix}_TASK_SERIALIZER": "json"}

    shown = mask_conf(conf | {"SECRET_KEY": SECRET})

    assert shown == {
        f"{prefix}_BROKER_URL": "redis://***@a",
        f"{prefix}_TASK_SERIALIZER": "json",
        "SECRET_KEY": "***",
    }


def test_the_alternates_of_a_connection_are_masked() -> None:
    connection = _Connection(
        [f"redis://:{SECRET}@a:6379/0", f"redis://:{SECRET}@b:6379/0"],
        transport_options={"sentinel_kwargs": {"password": SECRET}, "visibility_timeout": 9},
    )
    info = {k: v for k, v in connection.info().items() if k != "password"}
    stats = {"broker": json.loads(json.dumps(info)), "pid": 7, "total": {"proj.token": 3}}
    assert SECRET in json.dumps(stats)

    shown: Any = mask_stats(stats)

    assert SECRET not in json.dumps(shown)
    assert shown["broker"]["alternates"] == ["redis://***@a:6379/0", "redis://***@b:6379/0"]
    assert shown["broker"]["transport_options"]["visibility_timeout"] == 9
    assert (shown["pid"], shown["total"]) == (7, {"proj.token": 3})


URL = f"redis://u:{SECRET}@h"


@pytest.mark.parametrize(
    "conf",
    [
        {URL: 1},
        {"task_queues": {URL: {URL: 1}}},
        {"task_routes": {URL: {"queue": URL}}},
        {"task_routes": [["shop.mail", {"password": SECRET}]]},
        {"task_routes": [{"auth.renew": {"options": {"token": {"of": [SECRET]}}}}]},
        {"beat_schedule": {URL: {"task": URL, "schedule": URL}}},
        {"include": {"api_key": {"of": [SECRET]}}},
        {"broker_transport_options": {URL: 1, "global_keyprefix": URL, "master_name": URL}},
    ],
)
def test_a_secret_in_a_place_where_none_belongs_is_not_shown(conf: dict[str, object]) -> None:
    """As anybody may answer for a worker, and settings are written in a hurry."""
    assert SECRET not in json.dumps(mask_conf(conf))


def test_routes_of_tasks_whose_names_sound_secret_are_shown() -> None:
    routes = {"auth.tokens.renew": {"queue": "auth"}, "shop.mail": "mail"}

    assert mask_conf({"task_routes": routes}) == {"task_routes": routes}


@pytest.mark.parametrize("name", ["transport", "uri_prefix", "failover_strategy", "login_method"])
def test_a_connection_with_an_address_in_the_wrong_place_shows_no_secret(name: str) -> None:
    stats = {"broker": {name: URL, URL: 1}, "total": {URL: 1}, URL: {}}

    assert SECRET not in json.dumps(mask_stats(stats))
