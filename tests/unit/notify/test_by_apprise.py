"""Messages through apprise itself, to a real HTTP server."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest

from tests.support.dripping import dripping
from tests.support.receivers import HttpReceiver, http_receiver
from umbel.errors import DeliveryFailed
from umbel.notify.base import AlertMessage, NotifierConfig
from umbel.notify.by_apprise import ByApprise, tells

#: Of apprise itself, which looks into what it attaches.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

MESSAGE = AlertMessage(
    id="m1", kind="fired", severity="critical", cluster="Shop", rule="r", title="<b> fires",
    text="12 % failed & rising.", link="https://umbel.example.com/tasks?q=a&b=2", at=1.0, alerts=(),
)  # fmt: skip


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    with http_receiver() as found:
        yield found


@pytest.fixture
def log() -> Iterator[list[str]]:
    """What the log of a program has; pytest's own also hears what is told nobody."""
    lines: list[str] = []

    class Log(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    root, handler, level = logging.getLogger(), Log(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lines
    root.setLevel(level)
    root.removeHandler(handler)


def notifier(receiver: HttpReceiver, scheme: str, path: str) -> ByApprise:
    host = receiver.url.partition("://")[2]
    url = f"{scheme}://{path.replace('HOST', host)}"
    return ByApprise(NotifierConfig(name="phone", kind="apprise", url=url))


def test_a_message_comes_as_it_was_written(receiver: HttpReceiver) -> None:
    notifier(receiver, "json", "umbel:s3cret@HOST/hook").deliver(MESSAGE)
    notifier(receiver, "form", "HOST/form").deliver(MESSAGE)

    as_json, as_form = receiver.received
    text = "12 % failed & rising.\n\nhttps://umbel.example.com/tasks?q=a&b=2"
    assert (as_json.json["title"], as_json.json["message"]) == ("<b> fires", text)
    assert as_json.json["type"] == "failure"
    fields = parse_qs(as_form.body.decode())
    assert (fields["title"], fields["message"]) == (["<b> fires"], [text])


def test_a_refusal_is_told_with_its_reason_and_tried_again(
    receiver: HttpReceiver, log: list[str]
) -> None:
    receiver.answers = [500]
    with pytest.raises(DeliveryFailed, match=r"json:// did not take the message: .*500") as failed:
        notifier(receiver, "json", "umbel:s3cretpw@HOST/s3cretpath?+X-Token=s3crettoken").deliver(
            MESSAGE
        )

    assert failed.value.retriable
    assert "s3cret" not in f"{failed.value} {log}"


def test_nobody_is_led_to_another_address(receiver: HttpReceiver) -> None:
    receiver.answers = [307]
    receiver.headers = {"location": f"{receiver.url}/private"}

    with pytest.raises(DeliveryFailed, match="did not take"):
        notifier(receiver, "json", "HOST/hook").deliver(MESSAGE)

    assert [each.path for each in receiver.received] == ["/hook"]


@pytest.mark.parametrize("url", ["nosuch://s3cret/path", "tgram://s3cret/1", "json://"])
def test_an_address_that_apprise_cannot_read_is_told_without_it(url: str, log: list[str]) -> None:
    with pytest.raises(DeliveryFailed) as failed:
        ByApprise(NotifierConfig(name="phone", kind="apprise", url=url)).deliver(MESSAGE)

    assert not failed.value.retriable
    assert "s3cret" not in f"{failed.value} {log}"


def test_what_is_shown_of_a_warning_has_no_word_that_may_be_secret() -> None:
    assert tells("Failed to send to 110201543:AAHdqTcvCH1", "tgram://110201543:AAHdqTcvCH1/7")
    assert tells("POST /hook", "json://example.com/hook")
    assert tells("the password p%40ss", "json://me:p%40ss@example.com/")
    assert tells("the password p@ssword", "json://me:p%40ssword@example.com/")
    assert not tells("Connection error sending to example.com.", "json://example.com/hook")


def test_a_service_that_answers_a_byte_at_a_time_is_left_when_time_is_up(
    receiver: HttpReceiver,
) -> None:
    with dripping(b"HTTP/1.1 200 OK\r\n\r\n") as port:
        config = NotifierConfig(name="slow", kind="apprise", url=f"json://127.0.0.1:{port}/")
        for _ in range(2):
            with pytest.raises(DeliveryFailed, match=r"took longer than 0\.5 s") as failed:
                ByApprise(config, whole_s=0.5).deliver(MESSAGE)
            assert failed.value.retriable
        notifier(receiver, "json", "HOST/hook").deliver(MESSAGE)

    assert [each.path for each in receiver.received] == ["/hook"]
