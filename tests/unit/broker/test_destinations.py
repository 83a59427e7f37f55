"""The queue to which an application's routes would send a task."""

from __future__ import annotations

from typing import Any

import pytest
from celery import Celery
from kombu import entity

from umbel.broker.base import Signature
from umbel.broker.sending import Sending
from umbel.errors import BrokerRefused

#: Celery advises against a task's own `queue`, and goes by it.
pytestmark = pytest.mark.filterwarnings("ignore:[^.]*'queue' task attribute")

Queue: Any = entity.Queue
Exchange: Any = entity.Exchange

ROUTES = {
    "shop.*": {"queue": "shop"},
    "pay": {"exchange": "money", "routing_key": "pay"},
    "low": "low",
    "own": {"queue": Queue("bulk")},
}


def _nothing() -> None:
    """A task."""


def sending(**conf: Any) -> Sending:
    app: Any = Celery("shop", broker="memory://", set_as_current=False)
    app.conf.update({"task_routes": ROUTES, **conf})
    # Not shared: it would come, with its warning, into every application made after this one.
    app.task(_nothing, name="mail.send", queue="mail", shared=False)
    app.finalize()
    return Sending(app, declares=True)


def destination(name: str, *, of: Sending | None = None, **where: Any) -> str | None:
    return (of or sending()).destination(Signature(id="1", name=name, **where))


@pytest.mark.parametrize(
    ("name", "queue"),
    [
        ("any", "celery"),
        ("shop.pack", "shop"),
        ("low", "low"),
        ("own", "bulk"),
        ("mail.send", "mail"),
        ("pay", None),
    ],
)
def test_a_task_goes_where_routes_its_own_options_and_the_default_say(
    name: str, queue: str | None
) -> None:
    assert destination(name) == queue


def test_the_queue_that_is_named_goes_before_all_unless_a_route_has_an_exchange() -> None:
    assert destination("shop.pack", queue="slow") == "slow"
    assert destination("mail.send", queue="slow") == "slow"
    assert destination("pay", queue="slow") is None


def test_a_route_is_told_as_the_message_would_have_it() -> None:
    queues = [Queue("bulk", Exchange("big", type="topic"), routing_key="big.#")]
    of = sending(task_queues=queues, task_routes={"own": "bulk", "pay": ROUTES["pay"]})

    def routing(name: str) -> tuple[str | None, str | None, str | None]:
        found = of.routing(Signature(id="1", name=name))
        return found.queue, found.exchange, found.routing_key

    assert routing("own") == ("bulk", "big", "big.#")
    assert routing("mail.send") == ("mail", "", "mail")
    assert routing("pay") == (None, "money", "pay")


def test_where_exchanges_and_routing_keys_lead_is_not_known() -> None:
    assert destination("any", exchange="", routing_key="mail") is None
    assert destination("any", exchange="mail") is None
    assert destination("any", routing_key="mail") is None


def test_a_default_queue_of_another_name_is_the_destination() -> None:
    assert destination("any", of=sending(task_default_queue="orders")) == "orders"


def test_a_queue_that_the_application_refuses_to_make_is_an_error() -> None:
    strict = sending(task_create_missing_queues=False, task_queues=[Queue("celery")])

    with pytest.raises(BrokerRefused, match="cannot be routed"):
        destination("any", of=strict, queue="slow")
