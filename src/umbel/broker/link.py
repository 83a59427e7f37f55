"""How a broker is reached: a kombu connection that is not made yet, and Celery's names.

Everything that a Celery application can be told of its broker (URLs for failover, TLS,
login methods, transport options, credential providers) is kombu's own business and stays
there: each attempt clones the application's connection and adds deadlines, so that a broker
that goes silent is noticed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec
from kombu.connection import Connection
from kombu.transport import TRANSPORT_ALIASES, resolve_transport

from umbel.broker.addresses import check_address, parts_of, unusable_library
from umbel.broker.cluster_identity import ClusterIdentity, cluster_identity_of
from umbel.broker.passive_channel import make_passive
from umbel.broker.sentinel import ask_in_time
from umbel.errors import BrokerMisconfigured, BrokerRefused
from umbel.masking import mask_address
from umbel.process_secrets import hidden, learn, learn_configuration

if TYPE_CHECKING:
    from celery import Celery

_Connection: Any = Connection

CONNECT_TIMEOUT_S: Final = 5.0
#: A reply that a handshake waits for must come within this long.
REPLY_TIMEOUT_S: Final = 10.0
#: AMQP heartbeats; a connection is given up after two were missed.
HEARTBEAT_S: Final = 6.0

#: Transports that Celery itself sends no events over, by their kombu names.
_WITHOUT_EVENTS: Final = frozenset(
    {"sqs", "slmq", "kafka", "confluentkafka", "zookeeper", "azurestoragequeues"}
)
#: What kombu raises for a URL that it cannot use; its Kafka transport lacks a name when the
#: driver is not installed.
_UNUSABLE_ERRORS: Final = (KeyError, ImportError, ValueError, NameError, TypeError)
_REDIS_DEADLINES: Final[dict[str, object]] = {
    "socket_timeout": REPLY_TIMEOUT_S,
    "socket_connect_timeout": CONNECT_TIMEOUT_S,
    "socket_keepalive": True,
}


class DurableQueue(msgspec.Struct, frozen=True):
    """The queue that keeps events on AMQP while nobody reads them.

    Its bounds are the broker's to enforce: the oldest events leave first. Queues of other
    arguments cannot share a name, so the name carries a version.
    """

    name: str = "umbel.events.v1"
    kind: str = "classic"
    max_bytes: int = 256 * 1024 * 1024
    message_ttl_s: int = 86_400
    expires_s: int = 3 * 86_400

    def arguments(self) -> dict[str, object]:
        return {
            "x-queue-type": self.kind,
            "x-max-length-bytes": self.max_bytes,
            "x-message-ttl": self.message_ttl_s * 1000,
            "x-expires": self.expires_s * 1000,
        }


class Alarm:
    """Whether RabbitMQ, short of memory or disk, has stopped one connection that published."""

    def __init__(self) -> None:
        self.is_raised = False

    def callbacks(self) -> dict[str, object]:
        """What py-amqp calls with `connection.blocked` and `connection.unblocked`."""
        return {"on_blocked": self._raise, "on_unblocked": self._end}

    def _raise(self, _reason: str) -> None:
        self.is_raised = True

    def _end(self) -> None:
        self.is_raised = False


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """One broker and the exchange of its events, for the store `store_id`. `template` is never
    connected itself."""

    template: Any
    exchange: str = "celeryev"
    store_id: str = ""
    queue: DurableQueue = DurableQueue()

    @property
    def url(self) -> str:
        """Where it leads, without secrets."""
        return mask_address(str(self.template.as_uri(include_password=True)))

    @property
    def cluster_identity(self) -> ClusterIdentity:
        """Which cluster it leads to."""
        urls = self.template.alt or [self.template.as_uri(include_password=True)]
        return cluster_identity_of(";".join(urls), self.exchange)

    @property
    def transport(self) -> str:
        """kombu's name of the kind of broker: `amqp`, `redis`, `memory`, ..."""
        return str(self.template.transport.driver_type)

    @property
    def queue_name(self) -> str:
        """The durable queue's name: each store has one of its own, and so have the events of
        another exchange."""
        exchange = "" if self.exchange == "celeryev" else self.exchange
        return ".".join(filter(None, (self.queue.name, self.store_id, exchange)))

    def of_store(self, store_id: str) -> Link:
        """The same broker for the collectors of one store (`Store.id`)."""
        return msgspec.structs.replace(self, store_id=store_id)

    def connect(self) -> Any:
        """A kombu connection that is made, with deadlines. One attempt; raises what kombu
        and its driver raise."""
        options: dict[str, object] = dict(self.template.transport_options or {})
        if self.transport == "redis":
            options = {**_REDIS_DEADLINES, **options}
        connection = self._clone(options, CONNECT_TIMEOUT_S, HEARTBEAT_S)
        ask_in_time(connection, self.template, CONNECT_TIMEOUT_S, REPLY_TIMEOUT_S, strict=False)
        return self._made(connection)

    def connect_within(self, connect_s: float, reply_s: float) -> Any:
        """The same for a call that somebody waits for: no step of making the connection takes
        longer than `connect_s`, no later answer of the broker longer than `reply_s`, whatever
        the application's own options say. Without heartbeats, since nobody reads between
        calls. On AMQP its `alarm` tells whether RabbitMQ takes messages."""
        options: dict[str, object] = dict(self.template.transport_options or {})
        alarm = Alarm()
        if self.transport == "redis":
            options |= {
                "socket_timeout": reply_s,
                "socket_connect_timeout": connect_s,
                "socket_keepalive": True,
                "retry_on_timeout": False,
            }
        if self.transport == "amqp":
            # Whoever sends here confirms many messages at once, not each by itself.
            options["confirm_publish"] = False
            options |= alarm.callbacks()
        connection = self._clone(options, connect_s, 0)
        ask_in_time(connection, self.template, connect_s, reply_s, strict=True)
        self._made(connection)
        sock = getattr(getattr(connection.connection, "transport", None), "sock", None)
        if self.transport == "amqp":
            connection.alarm = alarm
            if sock is not None:
                sock.settimeout(reply_s)
        return connection

    def _clone(self, options: dict[str, object], connect_s: float, heartbeat_s: float) -> Any:
        return self.template.clone(
            heartbeat=heartbeat_s,
            connect_timeout=min(connect_s, self.template.connect_timeout or 60.0),
            transport_options=options,
        )

    def _made(self, connection: Any) -> Any:
        if self.transport != "amqp":
            # Before the connection is made: virtual transports open a channel with it.
            make_passive(connection)
        try:
            connection.ensure_connection(max_retries=0, reraise_as_library_errors=False)
        except BaseException:
            connection.collect()
            raise
        return connection

    def next_address(self) -> None:
        """Let the next attempt go to the next of several URLs."""
        self.template.maybe_switch_next()


def link_to_app(app: Celery, queue: DurableQueue | None = None) -> Link:
    """The broker that `app`'s workers read from. Raises `BrokerRefused`."""
    learn_configuration(app.conf)
    try:
        _check_addresses(app)
        template = app.connection_for_read()
        return _checked(template, str(app.conf.event_exchange), queue)
    except _UNUSABLE_ERRORS as error:
        raise _unusable(error) from error


def link_to_cluster(app: Celery) -> Link:
    """The broker that `app`'s workers read from, for commands, tasks and queues: one that
    carries no events is welcome too. Raises `BrokerRefused`."""
    learn_configuration(app.conf)
    try:
        _check_addresses(app)
        return Link(template=app.connection_for_read(), exchange=str(app.conf.event_exchange))
    except _UNUSABLE_ERRORS as error:
        raise _unusable(error) from error


def link_to_url(
    url: str,
    *,
    transport_options: Mapping[str, object] | None = None,
    use_ssl: Mapping[str, object] | bool | None = None,
    event_exchange: str = "celeryev",
    queue: DurableQueue | None = None,
) -> Link:
    """The broker at `url` (or several, joined by `;`). Raises `BrokerRefused`."""
    learn(url, transport_options, use_ssl)
    check_url(url, transport_options or {})
    options = {"transport_options": dict(transport_options or {}), "ssl": use_ssl or False}
    try:
        for one in _each(url):
            _load(one)
            _checked(_Connection(one, **options), event_exchange, queue)
        return _checked(_Connection(url, **options), event_exchange, queue)
    except _UNUSABLE_ERRORS as error:
        raise _unusable(error) from error


def check_url(url: str, transport_options: Mapping[str, object] | None = None) -> None:
    """Raises `BrokerRefused` for a URL (or several) that no collector can use, as far as can
    be told without loading the transport's driver, which costs twenty megabytes. Without
    `transport_options` nothing is said of what they must hold."""
    try:
        for one in _each(url):
            check_address(one, transport_options)
            _check_transport(one)
    except _UNUSABLE_ERRORS as error:
        raise _unusable(error) from error


def _check_addresses(app: Any) -> None:
    for url in _urls_of(app):
        check_address(url, app.conf.broker_transport_options or {})
        _load(url)


def _urls_of(app: Any) -> list[str]:
    urls = app.conf.broker_read_url or app.conf.broker_url or ()
    return [one for each in ([urls] if isinstance(urls, str) else urls) for one in _each(each)]


def _each(urls: str) -> list[str]:
    return [url for url in urls.split(";") if url]


def _check_transport(url: str) -> None:
    name = str(parts_of(url)["transport"]).split("+")[0]
    _refuse_without_events(name)
    if name not in TRANSPORT_ALIASES:
        resolve_transport(name)


def _checked(template: Any, exchange: str, queue: DurableQueue | None) -> Link:
    link = Link(template=template, exchange=exchange, queue=queue or DurableQueue())
    _refuse_without_events(link.transport)
    return link


def _load(url: str) -> None:
    """Load the transport of an address, which tells whether its library is there and works."""
    name = str(parts_of(url)["transport"]).split("+")[0]
    try:
        resolve_transport(name)
    except ModuleNotFoundError:
        raise
    except (AttributeError, ImportError) as error:
        raise unusable_library(name) or error from error


def _refuse_without_events(transport: str) -> None:
    if transport.lower() in _WITHOUT_EVENTS:
        raise BrokerMisconfigured(
            f"Celery sends no events over {transport}.",
            remedy="Events need RabbitMQ, Redis or another broker with broadcasts.",
        )


def _ended(text: str) -> str:
    """`text` as one sentence: single spaces, and an end if it has none."""
    text = " ".join(text.split())
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _unusable(error: Exception) -> BrokerRefused:
    if isinstance(error, ImportError) and error.name:
        return BrokerMisconfigured(
            f"The broker's transport needs the Python module {error.name}, which is not installed.",
            remedy="Install it beside Umbel.",
        )
    reason = str(error.args[0] if error.args else error)
    if isinstance(error, NameError):
        reason = "the library of its transport is not installed"
    if isinstance(error, ValueError):
        # Python's words quote what may be a part of the password.
        reason = "its host cannot be read"
        if "port" in str(error).lower():
            reason = "its port is no number"
    return BrokerMisconfigured(
        f"The broker's URL cannot be used: {_ended(hidden(reason))}",
        remedy="Give one like redis://host:6379/0 or amqp://user:password@host:5672/vhost, with "
        "what is special in a password percent-encoded.",
    )
