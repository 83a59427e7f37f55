"""Which addresses lead to one cluster."""

from __future__ import annotations

import pytest

from umbel.broker.cluster_identity import cluster_identity_of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("redis://localhost", "redis://127.0.0.1:6379/0"),
        ("redis://:old@h:6379/1", "rediss://user:new@H/1"),
        ("amqp://guest:guest@h//", "pyamqp://h:5672"),
        ("amqp://h/%2F", "amqp://h//"),
        ("redis://a;redis://b", "redis://b"),
        ("sentinel://a:1;sentinel://b:2", "sentinel://b:2;sentinel://c:3"),
        ("memory://", "memory://"),
        ("redis+socket:///run/r.sock", "redis+socket://:pw@/run/r.sock?virtual_host=0"),
    ],
)
def test_what_makes_no_other_cluster(one: str, other: str) -> None:
    assert cluster_identity_of(one).is_same(cluster_identity_of(other))
    assert cluster_identity_of(other).is_same(cluster_identity_of(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("redis://h/0", "redis://h/1"),
        ("redis://h:6379", "redis://h:6380"),
        ("redis://a", "redis://b"),
        ("amqp://h//", "amqp://h/prod"),
        ("amqp://h", "redis://h"),
        ("redis+socket:///run/r.sock", "redis+socket:///run/other.sock"),
        ("redis+socket:///run/r.sock?virtual_host=1", "redis+socket:///run/r.sock?virtual_host=2"),
    ],
)
def test_what_makes_another_cluster(one: str, other: str) -> None:
    assert not cluster_identity_of(one).is_same(cluster_identity_of(other))


def test_another_exchange_is_another_cluster() -> None:
    assert not cluster_identity_of("redis://h", "celeryev").is_same(
        cluster_identity_of("redis://h", "other")
    )


def test_no_secret_is_kept() -> None:
    assert str(cluster_identity_of("redis://user:s3cret@host:6379/2")) == "redis://host:6379/2"
