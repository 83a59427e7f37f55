"""Where RedBeat's entries are looked for, and what is said where they cannot be read."""

from __future__ import annotations

from typing import Any

import pytest
from celery import Celery

from umbel.beat.base import ScheduleSource
from umbel.beat.opening import open_schedules
from umbel.errors import ScheduleUnavailable


def sources(broker: str, **conf: Any) -> tuple[ScheduleSource, ...]:
    app = Celery("a", set_as_current=False, broker=broker)
    app.conf.update(**conf)
    return open_schedules(app, is_own=False, now=lambda: 0.0)


@pytest.mark.parametrize(
    ("url", "options", "sentence", "remedy"),
    [
        ("redis-cluster://h:6379", {}, "in a Redis Cluster are not read", "Sentinels can be read"),
        ("redis://h:6379", {"cluster": True}, "in a Redis Cluster are not read", "learned"),
        ("redis-sentinel://h:26379", {}, "The Sentinels of RedBeat's Redis", "'sentinels': [("),
        ("sentinel://a:26379;sentinel://b:26379", {}, "The Sentinels of", "redbeat_redis_options"),
    ],
)
def test_where_redbeats_redis_cannot_be_reached_it_says_what_to_write(
    url: str, options: dict[str, Any], sentence: str, remedy: str
) -> None:
    (source,) = sources("redis://h", redbeat_redis_url=url, redbeat_redis_options=options)

    with pytest.raises(ScheduleUnavailable) as caught:
        source.entries()

    assert sentence in caught.value.message
    assert remedy in caught.value.remedy


@pytest.mark.parametrize("broker", ["sentinel://a:26379;sentinel://b:26379", "redis://h:1/0"])
def test_who_does_not_use_redbeat_hears_nothing_of_it(broker: str) -> None:
    for source in sources(broker, broker_transport_options={"master_name": "m"}):
        assert source.entries() == ()
