"""The durable queue on AMQP that keeps events while nobody reads them.

Theory of operation. Each store has a queue of its own and is its only reader: a second one
would take half of the events, and both would call that whole. A classic queue is read with an
exclusive consumer, so RabbitMQ itself keeps others away; a quorum queue knows no such thing,
so its consumers are counted.

RabbitMQ does not say whether a queue lost something: a restart empties a classic queue of
events, which Celery sends without persistence, and a full queue drops its oldest. So the last
message that was committed stays unacknowledged until a later one is: the *bookmark*. When the
connection ends it goes back to its old place, the head of the queue, and comes first on the
next connection, marked as delivered before. If another message stands there, or none, then
something before it was dropped. A queue that is new gets a message of ours as its first
bookmark. It is sent on a connection that ends at once, since RabbitMQ would stop a connection
that ever published, acknowledgements and all, while a memory or disk alarm lasts.

The exchange may be deleted under the queue, which takes the binding along and tells nobody; once a
worker has declared it anew, events go past the queue. So a queue to which nothing comes is bound
again: that changes nothing where it is bound, and ends the session where the exchange is missing.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from typing import Any, Final

import msgspec
from amqp.basic_message import Message
from amqp.exceptions import AccessRefused, NotFound, PreconditionFailed
from celery.events.event import get_exchange
from kombu.entity import Queue

from umbel.broker.base import Frame, Missed
from umbel.broker.link import DurableQueue, Link
from umbel.errors import QueueShared

log = logging.getLogger(__name__)

_Queue: Any = Queue

#: The content type of a first bookmark.
BOOKMARK: Final = "application/x-umbel-bookmark"
#: A predecessor that is just leaving is waited for this long, seconds.
LEAVING_S: Final = 3.0
#: After so long without a message the queue is bound again, seconds.
BIND_EVERY_S: Final = 30.0
_POLL_S: Final = 0.05
#: RabbitMQ confirms the first bookmark within this, or blocks whoever publishes; seconds.
_CONFIRM_S: Final = 2.0
#: What waits is this part of the queue's bound or more: it was full.
_FULL: Final = 0.5


class OpenedQueue(msgspec.Struct, frozen=True):
    """Our queue on `channel`, declared and bound; before that it was not there (`is_new`), or
    it had so many messages `waiting`."""

    channel: Any
    is_new: bool
    waiting: int


def open_queue(connection: Any, link: Link, wait: Callable[[float], object]) -> OpenedQueue:
    """Declare and bind our queue, of which nobody else is a consumer; `wait` seconds pass
    between two looks for one who is leaving. Raises `QueueShared`.

    The exchange is declared as Celery does, so that it does not matter who comes first.
    """
    channel = connection.channel()
    is_new, waiting = False, 0
    try:
        waiting = _waiting(channel, link, wait)
    except NotFound:
        is_new = True
        channel = connection.channel()
    queue = _Queue(
        link.queue_name,
        exchange=get_exchange(connection, name=link.exchange),
        routing_key="#",
        durable=True,
        auto_delete=False,
        queue_arguments=link.queue.arguments(),
    )
    queue(channel).declare()
    if is_new:
        _leave_bookmark(link)
        _remove_shared_queue(connection, link)
    return OpenedQueue(channel, is_new, waiting)


def consume(channel: Any, link: Link, **options: Any) -> None:
    """Begin to read it, and keep others away where RabbitMQ can. Raises `QueueShared`."""
    try:
        channel.basic_consume(
            link.queue_name, no_ack=False, exclusive=is_exclusive(link), **options
        )
    except AccessRefused as error:
        if "exclusive" not in str(error.reply_text):
            raise
        raise shared(link, 1) from error


def bind_again(channel: Any, link: Link) -> None:
    """Bind it as `open_queue` did, without waiting for the answer: the broker closes the channel
    where there is no exchange."""
    channel.queue_bind(link.queue_name, exchange=link.exchange, routing_key="#", nowait=True)


def is_exclusive(link: Link) -> bool:
    """Whether RabbitMQ itself keeps other consumers away."""
    return link.queue.kind == "classic"


def shared(link: Link, others: int) -> QueueShared:
    """The refusal to read a queue that `others` read."""
    who = "Another program reads" if others == 1 else f"{others} other programs read"
    return QueueShared(
        f"{who} the event queue {link.queue_name} at {link.url}, so its events do not all come "
        "here.",
        remedy="Each data directory has a queue of its own: stop whoever else reads this one (an "
        "Umbel on a copy of this directory, a program that was given this name). Trying again "
        "by itself.",
        consumers=others,
    )


def missed(
    opened: OpenedQueue, link: Link, redelivered: bool | None, frames: list[Frame]
) -> Missed | None:
    """Whether the queue lost something while nobody read it. `redelivered` says it of the
    first message that came, `frames` are the first ones, if they came whole."""
    if opened.is_new:
        return Missed("queue-deleted")
    if redelivered:
        return None
    if not opened.waiting or not frames:
        return Missed("broker-restarted")
    mean_bytes = sum(len(frame.body) for frame in frames) / len(frames)
    if mean_bytes * opened.waiting < _FULL * link.queue.max_bytes:
        return Missed("broker-restarted")
    return Missed("queue-full", _stamp(frames[0]))


def remove_queue(link: Link) -> int | None:
    """Remove our queue with all that waits in it: how many messages, None if there was no
    queue. Raises `QueueShared` while somebody reads it, and what the driver raises."""
    connection = link.connect()
    try:
        channel = connection.channel()
        try:
            found = channel.queue_declare(link.queue_name, passive=True)
        except NotFound:
            return None
        if found.consumer_count:
            raise QueueShared(
                f"The event queue {link.queue_name} at {link.url} is being read.",
                remedy="Stop the collector of this data directory first.",
                consumers=found.consumer_count,
            )
        channel.queue_delete(link.queue_name, if_unused=True)
        return int(found.message_count)
    finally:
        connection.collect()


def consumers_in(payload: bytes) -> int:
    """How many consumers a frame with `queue.declare-ok` tells of (AMQP 0-9-1, 1.7.2.2)."""
    start = 5 + payload[4] + 4
    return int.from_bytes(payload[start : start + 4], "big")


def _waiting(channel: Any, link: Link, wait: Callable[[float], object]) -> int:
    looks = round(LEAVING_S / _POLL_S)
    for _ in range(looks):
        found = channel.queue_declare(link.queue_name, passive=True)
        if not found.consumer_count:
            return int(found.message_count)
        wait(_POLL_S)
    raise shared(link, found.consumer_count)


def _leave_bookmark(link: Link) -> None:
    """Without it a loss before the first event would be told wrongly; with a user that may not
    publish, or a broker that blocks, that is all there is to be had."""
    try:
        connection = link.connect()
        try:
            connection.connection.transport.sock.settimeout(_CONFIRM_S)
            channel = connection.connection.channel()
            channel.confirm_select()
            message = Message(b"", content_type=BOOKMARK, delivery_mode=1)
            channel.basic_publish_confirm(message, "", link.queue_name)
        finally:
            connection.collect()
    except Exception as error:
        log.debug("The new queue %s got no bookmark: %s", link.queue_name, error)


def _remove_shared_queue(connection: Any, link: Link) -> None:
    """Earlier versions of Umbel had one queue for all; nobody would ever read it again."""
    if not link.store_id or link.queue.name != DurableQueue().name:
        return
    old = msgspec.structs.replace(link, store_id="").queue_name
    # One that is in use belongs to an Umbel of such a version.
    with contextlib.suppress(PreconditionFailed, AccessRefused):
        connection.channel().queue_delete(old, if_unused=True)


class _Stamped(msgspec.Struct):
    timestamp: float | None = None


#: In larger bodies no time is looked for, bytes.
_STAMPED_MAX: Final = 256 * 1024
_stamped: Final = msgspec.json.Decoder(_Stamped | list[_Stamped])


def _stamp(frame: Frame) -> float | None:
    """When the first event in `frame` happened, by its sender's clock, if that can be read."""
    if len(frame.body) > _STAMPED_MAX:
        return None
    try:
        found = _stamped.decode(frame.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    events = found if isinstance(found, list) else [found]
    return events[0].timestamp if events else None
