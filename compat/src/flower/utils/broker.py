"""`Broker`: how many messages wait in queues, whatever the broker."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import quote, unquote, urlsplit

from flower.unserved import NotServed
from umbel.errors import BrokerUnreachable

log = logging.getLogger(__name__)


class BrokerBase:
    """A broker by its address. `queues` connects and leaves at each call, in a thread."""

    default_host: str | None = "localhost"
    default_port: int | None = None
    default_vhost = ""
    default_user: str | None = None

    def __init__(
        self,
        broker_url: str,
        http_api: str | None = None,
        *_: object,
        broker_options: Mapping[str, Any] | None = None,
        broker_use_ssl: Any = None,
        **__: object,
    ) -> None:
        parts = urlsplit(broker_url)
        self.host = unquote(parts.hostname) if parts.hostname else self.default_host
        self.port = parts.port or self.default_port
        self.vhost: Any = unquote(parts.path[1:]) or self.default_vhost
        self.username = unquote(parts.username) if parts.username else self.default_user
        self.password = unquote(parts.password) if parts.password else self.default_user
        self.broker_options = dict(broker_options or {})
        self.broker_use_ssl = broker_use_ssl
        self.http_api = http_api or None
        self._management_url = self.http_api
        self._url = broker_url

    async def queues(self, names: Sequence[str]) -> list[dict[str, Any]]:
        """A dictionary of each queue with `name` and `messages`. Raises `BrokerError`."""
        names = list(names)
        return await asyncio.to_thread(self._queues, names) if names else []

    def _queues(self, names: list[str]) -> list[dict[str, Any]]:
        from umbel.applications import bare_application
        from umbel.broker.cluster import CeleryCluster
        from umbel.clock import SystemClock

        app = bare_application(
            self._url, transport_options=self.broker_options, use_ssl=self.broker_use_ssl
        )
        cluster = CeleryCluster(
            app, SystemClock(), management_url=self._management_url, knows_queues=False
        )
        try:
            return self._told(cluster.depths(names))
        finally:
            cluster.close()
            app.close()

    def _told(self, depths: Sequence[Any]) -> list[dict[str, Any]]:
        return [{"name": each.name, "messages": each.ready or 0} for each in depths]


class RabbitMQ(BrokerBase):
    """RabbitMQ, asked over AMQP; with `http_api` also what is with workers. Queues that there are
    not are left out, and a broker that does not answer has none. `host`, `port` and the rest are
    those of its management API, which is asked where `http_api` names it."""

    default_port = 15672
    default_vhost = "/"
    default_user = "guest"

    def __init__(
        self, broker_url: str, http_api: str | None = None, *_: object, **more: Any
    ) -> None:
        super().__init__(broker_url, http_api, **more)
        if self.http_api is None:
            user = f"{quote(self.username or '', safe='')}:{quote(self.password or '', safe='')}"
            self.http_api = f"http://{user}@{self.host}:15672/api/{self.vhost}"

    def _queues(self, names: list[str]) -> list[dict[str, Any]]:
        try:
            return super()._queues(names)
        except BrokerUnreachable as error:
            log.error("RabbitMQ was not asked for its queues: %s", error)
            return []

    def _told(self, depths: Sequence[Any]) -> list[dict[str, Any]]:
        return [
            {
                "name": each.name,
                "messages": each.ready + (each.unacknowledged or 0),
                "messages_ready": each.ready,
                "messages_unacknowledged": each.unacknowledged,
                "consumers": each.consumers,
                "type": each.kind,
            }
            for each in depths
            if each.ready is not None
        ]


class RedisBase(BrokerBase):
    """Redis, its priorities added up; a queue that is not there is empty."""

    DEFAULT_PRIORITY_STEPS: ClassVar[list[int]] = [0, 3, 6, 9]
    DEFAULT_SEP = "\x06\x16"
    default_port: int | None = 6379

    def __init__(self, broker_url: str, *args: Any, **kwargs: Any) -> None:
        kwargs.pop("http_api", None)
        super().__init__(broker_url, None, *args[1:], **kwargs)
        self.priority_steps = self.broker_options.get("priority_steps", self.DEFAULT_PRIORITY_STEPS)
        self.sep = self.broker_options.get("sep", self.DEFAULT_SEP)
        self.broker_prefix = self.broker_options.get("global_keyprefix", "")

    def _q_for_pri(self, queue: str, pri: int) -> str:
        if pri not in self.priority_steps:
            raise ValueError("Priority not in priority steps")
        return f"{queue}{self.sep}{pri}" if pri else queue


class Redis(RedisBase):
    """Redis at a host and port."""

    def __init__(self, broker_url: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(broker_url, *args, **kwargs)
        self.vhost = _database(self.vhost)


class RedisSsl(Redis):
    """Redis over TLS; needs `broker_use_ssl`."""

    def __init__(self, broker_url: str, *args: Any, **kwargs: Any) -> None:
        if "broker_use_ssl" not in kwargs:
            raise ValueError("rediss broker requires broker_use_ssl")
        super().__init__(broker_url, *args, **kwargs)


class RedisSocket(RedisBase):
    """Redis at a Unix socket, whose path is `vhost`."""

    default_host = None
    default_port = None


class RedisSentinel(RedisBase):
    """Redis behind Sentinels; needs `broker_options["master_name"]`."""

    default_port = 26379

    def __init__(self, broker_url: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(broker_url, *args, **kwargs)
        if "master_name" not in self.broker_options:
            raise ValueError("master_name is required for Sentinel broker")
        self.vhost = _database(self.vhost)


class Broker:
    """`Broker(url)` is one of the classes above. Raises `NotServed`, a `NotImplementedError`, for
    other kinds of brokers."""

    def __new__(cls, broker_url: str, *args: Any, **kwargs: Any) -> Any:
        kind = _KINDS.get(urlsplit(broker_url).scheme)
        if kind is Redis and kwargs.get("broker_use_ssl"):
            kind = RedisSsl
        if kind is None:
            raise NotServed(
                "Queues are counted for RabbitMQ and Redis here.",
                remedy="umbel.queue_lengths(app) counts those of every broker that Umbel knows.",
            )
        return kind(broker_url, *args, **kwargs)


_KINDS: dict[str, type[BrokerBase]] = {
    "amqp": RabbitMQ,
    "amqps": RabbitMQ,
    "redis": Redis,
    "rediss": RedisSsl,
    "redis+socket": RedisSocket,
    "sentinel": RedisSentinel,
}


def _database(text: str) -> int:
    try:
        return int(text or 0)
    except ValueError:
        raise ValueError(f"Database is int between 0 and limit - 1, not {text}") from None
