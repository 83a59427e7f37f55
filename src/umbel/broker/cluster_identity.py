"""The identity of a cluster, made from its broker's address, without secrets.

A history is of one cluster. Users and passwords change, a broker is called `localhost` or
`127.0.0.1`, and of several addresses for failover one more or less is listed: none of these
makes another cluster. Another host, port, database, virtual host or event exchange does.
"""

from __future__ import annotations

from typing import Final

import msgspec

from umbel.broker.addresses import parts_of

_KINDS: Final = {"pyamqp": "amqp", "amqps": "amqp", "librabbitmq": "amqp", "rediss": "redis"}
_PORTS: Final = {"amqp": 5672, "amqps": 5671, "redis": 6379, "rediss": 6379, "sentinel": 26379}
_SPACES: Final = {"amqp": "/", "redis": "0", "sentinel": "0"}
_THIS_MACHINE: Final = frozenset({"", "localhost", "::1", "0.0.0.0"})  # noqa: S104


class ClusterIdentity(msgspec.Struct, frozen=True):
    """`kind` is the transport, `hosts` each `host:port` by which it is reached, `space` the
    database or virtual host."""

    kind: str
    hosts: tuple[str, ...]
    space: str
    exchange: str

    def __str__(self) -> str:
        exchange = "" if self.exchange == "celeryev" else f" (exchange {self.exchange})"
        return f"{self.kind}://{','.join(self.hosts)}/{self.space.lstrip('/')}{exchange}"

    def is_same(self, other: ClusterIdentity) -> bool:
        """Whether both lead to one cluster, as far as addresses tell."""
        alike = (self.kind, self.space, self.exchange) == (other.kind, other.space, other.exchange)
        return alike and (self.hosts == other.hosts or not set(self.hosts).isdisjoint(other.hosts))


def cluster_identity_of(urls: str, exchange: str = "celeryev") -> ClusterIdentity:
    """The identity behind an address, or several joined by `;`. Raises what kombu raises
    for what is none."""
    parts = [parts_of(url) for url in urls.split(";") if url]
    first = parts[0]
    name = str(first["transport"]).partition("+")[0]
    kind = _KINDS.get(name, name)
    space = str(first["virtual_host"] or "").strip("/") or _SPACES.get(kind, "")
    hosts = sorted({_host(name, part["hostname"], part["port"]) for part in parts})
    return ClusterIdentity(kind, tuple(hosts), space, exchange)


def _host(scheme: str, host: str | None, port: int | None) -> str:
    name = (host or "").lower().strip("[]")
    if name in _THIS_MACHINE or name.startswith("127."):
        name = "localhost"
    number = port or _PORTS.get(scheme)
    return f"{name}:{number}" if number else name
