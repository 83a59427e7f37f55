"""Where dead letters of a queue go."""

from __future__ import annotations

import pytest

from umbel.broker.base import Binding, ExchangeBindings
from umbel.services.cluster.dead_letters import DeadLetterQueue, dead_letters, reached, sources
from umbel.services.cluster.queue_declared import (
    DeclaredQueue,
    declared_at_broker,
    declared_in_kombu,
    idle_since,
    priority_lengths,
)


def queue(
    exchange: str = "", key: str | None = None, kind: str = "direct", **own: object
) -> DeclaredQueue:
    return DeclaredQueue(
        source="worker", exchange=exchange, exchange_type=kind, routing_key=key,
        arguments={f"x-{name.replace('_', '-')}": value for name, value in own.items()},
    )  # fmt: skip


def test_by_the_broker_s_own_exchange_they_go_to_the_queue_of_the_key() -> None:
    mail = queue(dead_letter_exchange="", dead_letter_routing_key="mail.dead")

    found = dead_letters("mail", mail, None, {})

    assert found is not None
    assert (found.queues, found.note) == ((DeadLetterQueue("mail.dead"),), None)
    assert dead_letters("plain", queue(), None, {}) is None


@pytest.mark.parametrize(
    ("kind", "pattern", "key", "arrives"),
    [
        ("direct", "mail", "mail", True), ("direct", "mail", "post", False),
        ("fanout", "", "mail", True), ("topic", "shop.*.dead", "shop.mail.dead", True),
        ("topic", "shop.*", "shop.mail.dead", False), ("topic", "shop.#", "shop", True),
        ("topic", "#.dead", "shop.mail.dead", True), ("topic", "#", "", True),
        ("topic", "a.#.#.b", "a.b", True), ("topic", "a.#.c", "a.b", False),
        ("topic", ".".join(["#.a"] * 40), ".".join(["a"] * 39 + ["b"]), False),
        ("headers", "mail", "mail", False),
    ],
)  # fmt: skip
def test_an_exchange_hands_on_by_its_kind(kind: str, pattern: str, key: str, arrives: bool) -> None:
    bindings = ExchangeBindings(kind, (Binding("dead", pattern),))

    assert bool(reached(bindings, key)) is arrives


def test_letters_without_a_key_of_their_own_are_published_with_that_of_the_queue() -> None:
    mail = queue("mail", "post", dead_letter_exchange="dlx")
    bindings = ExchangeBindings("direct", (Binding("dead", "post"), Binding("other", "mail")))

    found = dead_letters("mail", mail, bindings, {})

    assert found is not None
    assert (found.routing_key, found.queues) == (None, (DeadLetterQueue("dead"),))


def test_letters_that_are_lost_are_said_to_be() -> None:
    mail = queue(dead_letter_exchange="dlx", dead_letter_routing_key="k")

    nowhere = dead_letters("mail", mail, ExchangeBindings(None), {})
    unbound = dead_letters("mail", mail, ExchangeBindings("direct"), {})
    by_headers = dead_letters("mail", mail, ExchangeBindings("headers"), {})

    assert nowhere
    assert nowhere.note == "The exchange dlx is not there, so RabbitMQ drops dead letters."
    assert unbound
    assert "No queue is bound to dlx with the key k" in (unbound.note or "")
    assert by_headers
    assert "of the type headers" in (by_headers.note or "")


def test_without_the_management_api_those_that_somebody_declares_are_named() -> None:
    mail = queue("mail", "mail", dead_letter_exchange="dlx")
    others = {"mail": mail, "dead": queue("dlx", "mail"), "far": queue("dlx", "far")}

    found = dead_letters("mail", mail, None, others)

    assert found is not None
    assert found.queues == (DeadLetterQueue("dead"),)
    assert "management API alone" in (found.note or "")
    assert (sources("dead", others), sources("far", others)) == (("mail",), ())


def test_kombu_s_words_become_rabbitmq_s() -> None:
    found = declared_in_kombu(
        {
            "name": "mail", "exchange": {"name": "mail", "type": "topic"}, "routing_key": "m.#",
            "durable": True, "auto_delete": False, "exclusive": "odd", "message_ttl": 1.5,
            "max_priority": 9, "expires": None, "queue_arguments": {"x-queue-type": "quorum"},
        },
        "application",
    )  # fmt: skip

    assert (found.exchange, found.exchange_type, found.routing_key) == ("mail", "topic", "m.#")
    assert (found.durable, found.auto_delete, found.exclusive) == (True, False, None)
    assert found.arguments == {
        "x-message-ttl": 1_500, "x-max-priority": 9, "x-queue-type": "quorum",
    }  # fmt: skip
    assert declared_in_kombu({"exchange": 7, "queue_arguments": [1]}, "worker").arguments == {}


def test_a_policy_holds_where_the_queue_says_nothing() -> None:
    found = declared_at_broker(
        {
            "arguments": {"x-message-ttl": 5}, "policy": "dead",
            "effective_policy_definition": {"dead-letter-exchange": "dlx", "message-ttl": 9},
        },
        queue("mail", "post"),
    )  # fmt: skip

    assert (found.text("dead-letter-exchange"), found.argument("message-ttl")) == ("dlx", 5)
    assert (found.exchange, found.routing_key, found.policy) == ("mail", "post", "dead")
    # RabbitMQ writes an empty list where there is no policy.
    assert declared_at_broker({"effective_policy_definition": []}, None).policy_arguments == {}


def test_priorities_are_read_as_the_management_api_tells_them() -> None:
    status = {"priority_lengths": {"0": 3, "5": 1, "x": 9, "7": "many"}}

    assert priority_lengths({"backing_queue_status": status}) == {0: 3, 5: 1}
    assert priority_lengths({}) == priority_lengths({"backing_queue_status": [1]}) == {}


@pytest.mark.parametrize(
    ("told", "since"),
    [
        ("2026-11-29 20:43:32", 1795985012.0),
        ("2026-11-29T20:43:32.500+00:00", 1795985012.5),
        ("2026-11-29T21:43:32+01:00", 1795985012.0),
        ("running", None),
        ("", None),
        (17, None),
        (None, None),
    ],
)
def test_since_when_nothing_happened_is_read_as_rabbitmq_writes_it(
    told: object, since: float | None
) -> None:
    assert idle_since({"idle_since": told}) == since
