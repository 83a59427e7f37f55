"""What drivers raise, as sentences."""

from __future__ import annotations

import ssl

import pytest
from amqp.exceptions import AccessRefused, ConsumerCancelled, NotAllowed, PreconditionFailed
from redis import exceptions as redis_errors

from umbel.broker.errors import translated
from umbel.broker.link import link_to_url
from umbel.errors import BrokerRefused, BrokerUnreachable

RABBIT = link_to_url("amqp://shop:pw@rabbit:5672/prod")
REDIS = link_to_url("redis://:pw@cache:6379/0")


def test_a_refused_login_names_the_user_and_not_the_password() -> None:
    error = AccessRefused("Login was refused using authentication mechanism PLAIN")

    recent = translated(error, RABBIT)

    assert isinstance(recent, BrokerRefused)
    assert str(recent) == (
        "RabbitMQ at amqp://***@rabbit:5672/prod refused the password of user shop. "
        "Check the user and the password in the broker's URL."
    )


def test_a_refused_virtual_host_is_named() -> None:
    recent = translated(NotAllowed("NOT_ALLOWED - vhost prod not found"), RABBIT)

    assert isinstance(recent, BrokerRefused)
    assert "refused the virtual host prod" in str(recent)


def test_a_queue_of_other_arguments_is_named() -> None:
    recent = translated(PreconditionFailed("inequivalent arg 'x-expires'"), RABBIT)

    assert isinstance(recent, BrokerRefused)
    assert "umbel.events.v1" in str(recent)
    assert "Delete that queue" in recent.remedy


def test_a_queue_that_was_deleted_under_us_is_named() -> None:
    recent = translated(ConsumerCancelled("amq.ctag-1", (60, 30)), RABBIT)

    assert isinstance(recent, BrokerUnreachable)
    assert "ended the reading of the queue umbel.events.v1: it was deleted" in str(recent)
    assert "ctag" not in str(recent)


def test_missing_rights_are_told_apart_from_a_wrong_password() -> None:
    recent = translated(AccessRefused("access to queue 'umbel.events.v1' refused"), RABBIT)

    assert isinstance(recent, BrokerRefused)
    assert "password" not in str(recent)
    assert "configure, write and read" in recent.remedy


@pytest.mark.parametrize(
    "error",
    [
        redis_errors.AuthenticationError("invalid username-password pair or user is disabled."),
        redis_errors.ResponseError("WRONGPASS invalid username-password pair"),
        redis_errors.AuthenticationError("Authentication required."),
    ],
)
def test_redis_refusing_a_password_is_a_refusal(error: Exception) -> None:
    recent = translated(error, REDIS)

    assert isinstance(recent, BrokerRefused)
    assert str(recent).startswith("Redis at redis://***@cache:6379/0 refused the password")


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (
            redis_errors.OutOfMemoryError(
                "Command # 1 (LPUSH celery {...}) of pipeline caused error: "
                "command not allowed when used memory > 'maxmemory'."
            ),
            "raise its maxmemory",
        ),
        (redis_errors.ReadOnlyError("You can't write against a read only replica."), "the master"),
        (redis_errors.ResponseError("MISCONF Redis is unable to persist to disk."), "its disk"),
    ],
)
def test_redis_that_cannot_take_more_is_no_matter_of_rights(error: Exception, remedy: str) -> None:
    told = translated(error, REDIS, "the queue mail")

    assert isinstance(told, BrokerRefused)
    assert told.takes_nothing
    assert "refused what was asked of the queue mail" in str(told)
    assert remedy in told.remedy
    assert "rights" not in told.remedy
    assert "LPUSH" not in str(told)


def test_redis_refusing_a_database_is_a_refusal() -> None:
    recent = translated(redis_errors.ResponseError("DB index is out of range"), REDIS)

    assert isinstance(recent, BrokerRefused)
    assert "DB index is out of range" in str(recent)


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(111, "Connection refused"),
        TimeoutError("timed out"),
        redis_errors.ConnectionError("Error 111 connecting to cache:6379."),
        redis_errors.BusyLoadingError("Redis is loading the dataset in memory"),
    ],
)
def test_silence_is_no_refusal(error: Exception) -> None:
    recent = translated(error, REDIS)

    assert isinstance(recent, BrokerUnreachable)
    assert recent.retriable


def test_a_certificate_that_is_not_trusted_is_a_refusal() -> None:
    recent = translated(ssl.SSLCertVerificationError("self-signed certificate"), RABBIT)

    assert isinstance(recent, BrokerRefused)
    assert "TLS" in str(recent)
