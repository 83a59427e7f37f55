"""What only RabbitMQ's management API tells of queues: what is with workers, and their kind.

Asked only where its address is configured. Its figures are some seconds old and it may be
down while the broker is well, so its silence costs these figures and nothing else.
"""

from __future__ import annotations

import http.client
import logging
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import msgspec

from umbel.basic_auth import basic_authorization
from umbel.broker.base import Binding, ExchangeBindings
from umbel.broker.management_tls import tls_context
from umbel.errors import BrokerRefused
from umbel.masking import mask_address
from umbel.process_secrets import hidden, learn
from umbel.time_limit import within
from umbel.timed_http import timed_opener
from umbel.timed_pool import NoClient, PoolClosed, TimedOut, TimedPool

log = logging.getLogger(__name__)

#: How long connecting, and each read of an answer, may take, seconds.
_TIMEOUT_S: Final = 0.7
#: How long all of one answer may take, within the call that waits for it, seconds.
_WHOLE_S: Final = 1.0
_SIZE_MAX: Final = 8 * 1024 * 1024
#: Up to this many queues are asked for one by one, more by the list of all.
_FEW: Final = 3
_COLUMNS: Final = (
    "columns=name,type,messages_ready,messages_unacknowledged,consumers,head_message_timestamp"
)
#: Figures that are no older than this are given again to who asks for `recent` ones, seconds.
_RECENT_S: Final = 2.0


class QueueFigures(msgspec.Struct, frozen=True):
    """One queue as the management API knows it."""

    name: str
    kind: str | None = msgspec.field(name="type", default=None)
    unacknowledged: int | None = msgspec.field(name="messages_unacknowledged", default=None)
    ready: int | None = msgspec.field(name="messages_ready", default=None)
    consumers: int | None = None
    # RabbitMQ writes "" where the first message has none.
    head_timestamp: float | str | None = msgspec.field(name="head_message_timestamp", default=None)

    @property
    def head_sent(self) -> float | None:
        """When the message that stands first was sent, Unix seconds."""
        stamp = self.head_timestamp
        return float(stamp) if isinstance(stamp, int | float) and stamp > 0 else None


class _Listed(msgspec.Struct, frozen=True):
    """A queue in the list of all."""

    name: str
    auto_delete: bool = False
    exclusive: bool = False


_listed: Final = msgspec.json.Decoder(list[_Listed]).decode


class _Exchange(msgspec.Struct, frozen=True):
    kind: str = msgspec.field(name="type", default="direct")


class _Bound(msgspec.Struct, frozen=True):
    """A binding of an exchange, to a queue or to another exchange."""

    destination: str
    destination_type: str
    routing_key: str = ""


_exchange: Final = msgspec.json.Decoder(_Exchange).decode
_bound: Final = msgspec.json.Decoder(list[_Bound]).decode
_object: Final = msgspec.json.Decoder(dict[str, object]).decode
_one: Final = msgspec.json.Decoder(QueueFigures).decode
_objects: Final = msgspec.json.Decoder(list[dict[str, object]]).decode
_many: Final = msgspec.json.Decoder(list[QueueFigures]).decode


class Management:
    """The management API at `url` (`http://host:15672`), with the user in it or the broker's.
    `tls` is the application's `broker_use_ssl`: it is trusted here as for the broker itself.

    Raises `BrokerRefused` for an address that is none, or a certificate that cannot be read.
    """

    def __init__(
        self, url: str, user: str | None, password: str | None, tls: object = None
    ) -> None:
        learn(url)
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise BrokerRefused(
                f"{mask_address(url)} is no address of RabbitMQ's management API.",
                remedy="Give one like http://host:15672.",
            )
        netloc = parts.netloc.rpartition("@")[2]
        # Flower's broker_api ends with the API's own path, a browser's address does not.
        path = parts.path.rstrip("/").removesuffix("/api")
        self._base = urlunsplit((parts.scheme, netloc, path, "", ""))
        self._shown = mask_address(self._base)
        name = unquote(parts.username) if parts.username else user or "guest"
        secret = unquote(parts.password) if parts.password else password or "guest"
        self._headers = {
            "Authorization": basic_authorization(name, secret),
            "Accept": "application/json",
        }
        context = tls_context(tls) if parts.scheme == "https" else None
        self._opener = timed_opener(context)
        self._pool = TimedPool(NoClient, name="umbel-management", size=2, stuck=4)
        self._trouble: str | None = None
        self._figures: dict[str, QueueFigures] = {}
        self._figures_until = 0.0

    @property
    def trouble(self) -> str | None:
        """Why it did not tell what it was asked last, as a sentence; None if it did."""
        if self._trouble is None:
            return None
        return (
            f"RabbitMQ's management API at {self._shown} does not tell what workers hold: "
            f"{hidden(self._trouble)}."
        )

    def queues(
        self, vhost: str, names: Sequence[str], *, recent: bool = False
    ) -> dict[str, QueueFigures]:
        """Figures of those queues that it knows, by name; empty when it does not answer.
        `recent`: those of a moment ago do as well."""
        known, until = self._figures, self._figures_until
        if recent and time.monotonic() < until and all(name in known for name in names):
            return {name: known[name] for name in names}
        queues_url = f"{self._base}/api/queues/{quote(vhost, safe='')}"
        try:
            if len(names) > _FEW:
                found = _many(self._get(f"{queues_url}?{_COLUMNS}"))
            else:
                urls = (f"{queues_url}/{quote(name, safe='')}?{_COLUMNS}" for name in names)
                found = [_one(body) for url in urls if (body := self._maybe(url)) is not None]
        except (OSError, ValueError, msgspec.MsgspecError) as error:
            self._note_trouble(str(error))
            return {}
        self._trouble = None
        figures = {each.name: each for each in found}
        self._figures, self._figures_until = figures, time.monotonic() + _RECENT_S
        return figures

    def objects(self, vhost: str, names: Sequence[str]) -> dict[str, dict[str, object]]:
        """All that it tells of those queues, by name: `messages_ready`, `consumers`, `idle_since`,
        `arguments` and the like; empty when it does not answer."""
        queues_url = f"{self._base}/api/queues/{quote(vhost, safe='')}"
        try:
            if len(names) > _FEW:
                found = _objects(self._get(queues_url))
            else:
                bodies = [self._maybe(f"{queues_url}/{quote(name, safe='')}") for name in names]
                found = [_object(body) for body in bodies if body is not None]
        except (OSError, ValueError, msgspec.MsgspecError) as error:
            self._note_trouble(str(error))
            return {}
        self._trouble = None
        wanted = set(names)
        return {name: each for each in found if (name := str(each.get("name"))) in wanted}

    def names(self, vhost: str) -> tuple[str, ...]:
        """The queues of a virtual host that stay when their consumers go, without those of
        Celery's mailboxes and of events; none when it does not answer."""
        queues_url = f"{self._base}/api/queues/{quote(vhost, safe='')}"
        try:
            found = _listed(self._get(f"{queues_url}?columns=name,auto_delete,exclusive"))
        except (OSError, ValueError, msgspec.MsgspecError) as error:
            self._note_trouble(str(error))
            return ()
        return tuple(
            queue.name
            for queue in found
            if not (queue.auto_delete or queue.exclusive or _is_of_no_task(queue.name))
        )

    def bindings(self, vhost: str, exchange: str) -> ExchangeBindings | None:
        """The queues that are bound to an exchange; None when it does not answer."""
        url = f"{self._base}/api/exchanges/{quote(vhost, safe='')}/{quote(exchange, safe='')}"
        try:
            described = self._maybe(url)
            if described is None:
                return ExchangeBindings(None)
            bound = _bound(self._get(f"{url}/bindings/source"))
        except (OSError, ValueError, msgspec.MsgspecError) as error:
            self._note_trouble(str(error))
            return None
        to_queues = (each for each in bound if each.destination_type == "queue")
        return ExchangeBindings(
            _exchange(described).kind,
            tuple(Binding(each.destination, each.routing_key) for each in to_queues),
        )

    def _maybe(self, url: str) -> bytes | None:
        try:
            return self._get(url)
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    def close(self) -> None:
        """Ask no more."""
        self._pool.close()

    def _get(self, url: str) -> bytes:
        """Raises `OSError` and `ValueError`."""
        try:
            # In a thread, since nothing ends a name resolution that is stuck.
            return self._pool.call(lambda _: self._read(url), _WHOLE_S)
        except TimedOut:
            raise TimeoutError(f"it did not answer within {_WHOLE_S:g} s") from None
        except PoolClosed:
            raise ValueError("it is no longer asked: Umbel is leaving") from None

    def _read(self, url: str) -> bytes:
        request = urllib.request.Request(url, headers=self._headers)  # noqa: S310
        try:
            with (
                within(_WHOLE_S),
                self._opener.open(request, timeout=_TIMEOUT_S) as answer,
            ):
                body: bytes = answer.read(_SIZE_MAX + 1)
        except urllib.error.HTTPError as error:
            error.close()  # it keeps the connection
            raise
        except http.client.HTTPException as error:
            raise ValueError(f"its answer is no HTTP ({type(error).__name__})") from error
        if len(body) > _SIZE_MAX:
            raise ValueError("it tells of too many queues at once")
        return body

    def _note_trouble(self, trouble: str) -> None:
        """Once for each reason, not for every look at the queues."""
        if trouble != self._trouble:
            self._trouble = trouble
            log.warning(
                "RabbitMQ's management API at %s does not tell about queues: %s",
                self._shown,
                hidden(trouble),
            )


def _is_of_no_task(queue: str) -> bool:
    return queue.endswith(".pidbox") or queue.startswith(("celeryev", "umbel.", "amq."))
