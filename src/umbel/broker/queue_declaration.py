"""How a worker has to declare a queue of RabbitMQ that is there already.

Theory of operation. A worker that is told to consume a queue declares it first, and an exchange
of the same name. Declaring what is there with other arguments is an error that ends the worker
(406), so Umbel learns the arguments before and has the worker told of them. RabbitMQ shows them
in its management API alone, which need not run. But a declaration of what is there changes
nothing, and where it is refused the broker's words name one argument with its true value. So
the queue is declared again and again, each time with one argument more, until it agrees. What
is not there (which a passive declaration tells first) is not declared.
Source: rabbit_misc:assert_args_equivalence, rabbit_exchange:assert_equivalence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from amqp.exceptions import AccessRefused, NotFound, PreconditionFailed, ResourceLocked

from umbel.broker.base import Declaration
from umbel.broker.pooled_connection import PooledConnection

#: More arguments than RabbitMQ compares.
_STEPS_MAX: Final = 24
_UNLIKE: Final = re.compile(
    r"inequivalent arg '(?P<name>[^']+)' for (?:queue|exchange) .*: received .* but current is "
    r"(?:'(?P<property>[^']*)'|the value '(?P<value>.*)' of type '(?P<kind>\w+)')",
    re.S,
)
_NUMBERS: Final = frozenset(
    {"byte", "unsignedbyte", "short", "unsignedshort", "signedint", "unsignedint", "long"}
)
#: A plain queue and exchange, as Celery declares them.
_DEFAULT_QUEUE: Final[Mapping[str, object]] = {"durable": True, "auto_delete": False}
_DEFAULT_EXCHANGE: Final[Mapping[str, object]] = {
    "type": "direct", "durable": True, "auto_delete": False,
}  # fmt: skip
_ENDS: Final = "a worker that is told to consume it ends, since it would declare it otherwise"
_Declare = Callable[[dict[str, Any], dict[str, Any]], object]


class _AgreedDeclaration(msgspec.Struct):
    """Properties and arguments that agree with the broker, or why none do."""

    properties: dict[str, Any]
    arguments: dict[str, Any]
    trouble: str | None = None


def declaration(pooled: PooledConnection, queue: str, definition: Any = None) -> Declaration:
    """Of a queue that a worker does not know yet, and whose definition in the application is
    `definition`, if it has one. Raises what the driver raises for a broker that is away."""
    try:
        is_there = _is_there(lambda: pooled.channel.queue_declare(queue, passive=True))
        if definition is not None:
            return _of_application(pooled, queue, definition) if is_there else Declaration()
        found = (
            _of_queue(pooled, queue) if is_there else _AgreedDeclaration(dict(_DEFAULT_QUEUE), {})
        )
        if found.trouble is not None:
            return Declaration(impossible=found.trouble)
        return _with_exchange(pooled, queue, found)
    except ResourceLocked:
        return Declaration(
            impossible=f"The queue {queue} belongs to one connection alone (exclusive), and a "
            "worker that is told to consume it ends."
        )
    except AccessRefused:  # this user may not look; the report will tell
        return Declaration()


def _of_application(pooled: PooledConnection, queue: str, definition: Any) -> Declaration:
    """Workers of the application declare it as the application says, whatever they are told."""
    try:
        definition(pooled.channel).queue_declare()
    except PreconditionFailed as error:
        return Declaration(
            impossible=f"The broker has the queue {queue} otherwise than the application's "
            f"task_queues say ({_words(error)}); {_ENDS}."
        )
    return Declaration()


def _of_queue(pooled: PooledConnection, queue: str) -> _AgreedDeclaration:
    def declare(properties: dict[str, Any], arguments: dict[str, Any]) -> object:
        return pooled.channel.queue_declare(queue, arguments=arguments or None, **properties)

    found = _agreed(f"queue {queue}", declare, _DEFAULT_QUEUE)
    if found.arguments.get("x-queue-type") == "stream":
        found.trouble = f"The queue {queue} is a stream, which Celery's workers cannot consume."
    return found


def _with_exchange(pooled: PooledConnection, queue: str, found: _AgreedDeclaration) -> Declaration:
    """The same with the exchange to which a worker would bind the queue."""

    def declare(properties: dict[str, Any], arguments: dict[str, Any]) -> object:
        return pooled.channel.exchange_declare(queue, arguments=arguments or None, **properties)

    exchange = _AgreedDeclaration(dict(_DEFAULT_EXCHANGE), {})
    if _is_there(lambda: pooled.channel.exchange_declare(queue, "direct", passive=True)):
        exchange = _agreed(f"exchange {queue}", declare, _DEFAULT_EXCHANGE)
    if exchange.trouble is not None:
        return Declaration(impossible=exchange.trouble)
    return Declaration(
        options=_options(found, exchange), differences=(*_differences(found, exchange),)
    )


def _agreed(what: str, declare: _Declare, defaults: Mapping[str, object]) -> _AgreedDeclaration:
    """Declare it until the broker agrees."""
    found = _AgreedDeclaration(dict(defaults), {})
    described = ""
    for _ in range(_STEPS_MAX):
        try:
            declare(found.properties, found.arguments)
            return found
        except PreconditionFailed as error:
            described = _words(error)
            if not _learn(found, str(error.reply_text)):
                break
    found.trouble = f"The {what} is there with other arguments ({described}), and {_ENDS}."
    return found


def _learn(found: _AgreedDeclaration, words: str) -> bool:
    """Take one value out of the broker's words; whether it was new and understood."""
    unlike = _UNLIKE.search(words)
    if unlike is None:
        return False
    name, text, kind = unlike["name"], unlike["property"], unlike["kind"]
    if text is not None:
        value: object = {"true": True, "false": False}.get(text, text)
        if name not in found.properties or found.properties[name] == value:
            return False
        found.properties[name] = value
        return True
    if kind in _NUMBERS and name not in found.arguments:
        found.arguments[name] = int(unlike["value"])
    elif kind == "longstr" and name not in found.arguments:
        found.arguments[name] = unlike["value"]
    elif kind == "bool" and name not in found.arguments:
        found.arguments[name] = unlike["value"] == "true"
    else:
        return False
    return True


def _options(queue: _AgreedDeclaration, exchange: _AgreedDeclaration) -> dict[str, object]:
    """What `add_consumer` takes (kombu/entity.py, `Queue.from_dict`); nothing for a plain one."""
    described: dict[str, object] = {
        "queue_durable": queue.properties["durable"],
        "queue_auto_delete": queue.properties["auto_delete"],
        "queue_arguments": queue.arguments or None,
        "exchange_type": exchange.properties["type"],
        "exchange_durable": exchange.properties["durable"],
        "exchange_auto_delete": exchange.properties["auto_delete"],
        "exchange_arguments": exchange.arguments or None,
    }
    defaults: dict[str, object] = {
        "queue_durable": True, "queue_auto_delete": False, "exchange_type": "direct",
        "exchange_durable": True, "exchange_auto_delete": False,
    }  # fmt: skip
    return {name: value for name, value in described.items() if value != defaults.get(name)}


def _differences(queue: _AgreedDeclaration, exchange: _AgreedDeclaration) -> list[str]:
    described = [f"{name}: {value}" for name, value in sorted(queue.arguments.items())]
    described += ["not durable"] * (not queue.properties["durable"])
    described += ["auto-delete"] * bool(queue.properties["auto_delete"])
    if exchange.properties["type"] != "direct":
        described.append(f"bound to an exchange of the type {exchange.properties['type']}")
    described += ["an exchange that is not durable"] * (not exchange.properties["durable"])
    described += ["an exchange that is auto-delete"] * bool(exchange.properties["auto_delete"])
    described += [f"exchange {name}: {value}" for name, value in sorted(exchange.arguments.items())]
    return described


def _is_there(passive_declare: Callable[[], object]) -> bool:
    try:
        passive_declare()
    except NotFound:
        return False
    return True


def _words(error: Any) -> str:
    """`x-max-priority: 10` where the words are understood, else the words."""
    words = str(error.reply_text)
    unlike = _UNLIKE.search(words)
    if unlike is None:
        return words.rpartition(" - ")[2]
    return f"{unlike['name']}: {unlike['property'] or unlike['value']}"
