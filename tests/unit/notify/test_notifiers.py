"""Notifiers: what real receivers get, and how a failure is told."""

from __future__ import annotations

import hashlib
import hmac
import socket
import threading
from base64 import b64encode
from collections.abc import Iterator

import msgspec
import pytest

from tests.support.clocks import SetClock
from tests.support.dripping import dripping
from tests.support.receivers import http_receiver, mail_receiver
from umbel.errors import DeliveryFailed
from umbel.notify.base import AlertMessage, Notifier, NotifierConfig
from umbel.notify.mail import Mail
from umbel.notify.opening import open_notifiers
from umbel.notify.posting import post
from umbel.time_limit import connected, within

NOW = 1_795_344_000.0
SECRET = "s3cret"  # noqa: S105  of a test
MESSAGE = AlertMessage(
    id="m1", kind="fired", severity="critical", cluster="Shop", rule="r", title="Billing fails",
    text="12 % of <tasks> failed.", link="https://umbel.example.com/tasks?q=a", at=NOW,
    alerts=("a1",), name="Billing",
)  # fmt: skip


def notifier(url: str, kind: str = "webhook", **given: object) -> Notifier:
    config = msgspec.convert({"name": "one", "kind": kind, "url": url, **given}, NotifierConfig)
    return open_notifiers([config], SetClock(NOW))["one"]


def test_a_webhook_gets_the_message_signed() -> None:
    with http_receiver() as receiver:
        notifier(f"{receiver.url}/hook?key=1", secret=SECRET).deliver(MESSAGE)

    (got,) = receiver.received
    assert got.path == "/hook?key=1"
    assert msgspec.convert(got.json, AlertMessage) == MESSAGE
    assert got.headers["umbel-delivery"] == "m1"
    signed = got.headers["umbel-timestamp"].encode() + b"." + got.body
    expected = hmac.new(b"s3cret", signed, hashlib.sha256).hexdigest()
    assert got.headers["umbel-signature"] == f"v1={expected}"


def test_templates_call_a_rule_by_its_name() -> None:
    """Its id says nothing to anybody: `9c2a1b7d043f`."""
    with http_receiver() as receiver:
        notifier(receiver.url, title="$severity: $rule").deliver(MESSAGE)

    got = receiver.received[0].json
    assert (got["title"], got["rule"], got["name"]) == ("critical: Billing", "r", "Billing")


def test_a_webhook_without_a_secret_is_not_signed() -> None:
    with http_receiver() as receiver:
        notifier(receiver.url).deliver(MESSAGE)

    assert "umbel-signature" not in receiver.received[0].headers


@pytest.mark.parametrize(
    ("code", "retriable"),
    [(500, True), (429, True), (401, True), (403, True), (404, True), (400, False), (410, False)],
)
def test_an_answer_says_whether_to_try_again(code: int, retriable: bool) -> None:
    with http_receiver() as receiver:
        receiver.answers = [code]
        receiver.headers = {"Retry-After": "120"}
        with pytest.raises(DeliveryFailed) as caught:
            notifier(f"{receiver.url}/T0/s3cret").deliver(MESSAGE)

    assert caught.value.retriable is retriable
    assert caught.value.after_s == 120.0
    assert str(code) in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_nobody_is_led_elsewhere() -> None:
    with http_receiver() as other, http_receiver() as receiver:
        receiver.answers = [307]
        receiver.headers = {"Location": other.url}
        with pytest.raises(DeliveryFailed, match=r"307 .* Redirects are not followed") as caught:
            notifier(receiver.url).deliver(MESSAGE)

    assert caught.value.retriable, "somebody may give the right address meanwhile"
    assert other.received == []


def test_who_wants_a_password_gets_that_of_the_address() -> None:
    with http_receiver() as receiver:
        url = receiver.url.replace("://", "://umbel:s3cr%40t@") + "/hook"
        notifier(url).deliver(MESSAGE)

    (received,) = receiver.received
    assert received.headers["authorization"] == "Basic " + b64encode(b"umbel:s3cr@t").decode()
    assert received.path == "/hook"


@pytest.mark.parametrize("scheme", ["http", "smtp"])
def test_who_does_not_answer_is_tried_again(scheme: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mail = {"sender": "a@example.com", "to": ["b@example.com"]}
    kind = "email" if scheme == "smtp" else "webhook"

    with pytest.raises(DeliveryFailed, match="could not be reached") as caught:
        notifier(f"{scheme}://127.0.0.1:{port}/s3cret", kind, **mail).deliver(MESSAGE)

    assert caught.value.retriable
    assert "s3cret" not in str(caught.value)


def test_slack_gets_a_text_in_which_nothing_is_a_mention() -> None:
    with http_receiver() as receiver:
        notifier(receiver.url, "slack").deliver(MESSAGE)

    assert receiver.received[0].json["text"].splitlines() == [
        ":red_circle: *Billing fails*",
        "12 % of &lt;tasks&gt; failed.",
        "<https://umbel.example.com/tasks?q=a|Look>",
    ]


MAIL = {"sender": "umbel@example.com", "to": ["ops@example.com", "on@example.com"]}


def test_a_letter_comes_whole() -> None:
    with mail_receiver() as receiver:
        twisted = msgspec.structs.replace(MESSAGE, title="Billing fails\r\nBcc: x@example.com")
        notifier(receiver.url, "email", title="$severity: $title", **MAIL).deliver(twisted)

    (letter,) = receiver.letters
    assert letter["subject"] == "critical: Billing fails Bcc: x@example.com"
    assert letter["bcc"] is None
    assert (letter["from"], letter["to"]) == (
        "umbel@example.com", "ops@example.com, on@example.com",
    )  # fmt: skip
    assert "m1" in letter["message-id"]
    text = letter.get_content()
    assert text.split() == f"{MESSAGE.text} {MESSAGE.link}".split()


def test_a_mail_server_that_refuses_all_is_not_asked_again() -> None:
    with mail_receiver() as receiver:
        receiver.refused = {"ops@": 550, "on@": 550}
        with pytest.raises(DeliveryFailed, match="takes mail for none") as caught:
            notifier(receiver.url, "email", **MAIL).deliver(MESSAGE)
        assert not caught.value.retriable
        receiver.refused = {"on@": 550}
        with pytest.raises(DeliveryFailed, match=r"refused on@example\.com \(550 no\); the others"):
            notifier(receiver.url, "email", **MAIL).deliver(MESSAGE)

    assert len(receiver.letters) == 1


@pytest.mark.parametrize("bye", ["250 ok", "421 too busy", "554 no"])
def test_a_letter_that_was_taken_is_not_sent_again_for_what_comes_after_it(bye: str) -> None:
    with mail_receiver() as receiver:
        receiver.bye = bye
        notifier(receiver.url, "email", **MAIL).deliver(MESSAGE)

    assert len(receiver.letters) == 1


def test_who_may_take_it_later_is_tried_again_where_others_never_will() -> None:
    with mail_receiver() as receiver:
        receiver.refused = {"ops@": 550, "on@": 451}
        with pytest.raises(DeliveryFailed, match="takes mail for none") as caught:
            notifier(receiver.url, "email", **MAIL).deliver(MESSAGE)

    assert caught.value.retriable


def test_no_password_goes_over_an_open_line() -> None:
    with mail_receiver() as receiver:
        url = receiver.url.replace("smtp://", "smtp://umbel:s3cret@")
        with pytest.raises(DeliveryFailed, match="encrypted") as caught:
            notifier(url, "email", **MAIL).deliver(MESSAGE)

    assert caught.value.retriable, "somebody may mend the settings meanwhile"
    assert receiver.letters == []
    assert "s3cret" not in str(caught.value)


def test_a_configuration_shows_no_secret() -> None:
    config = NotifierConfig(name="one", kind="webhook", url="https://a/s3cret", secret=SECRET)

    assert "s3cret" not in repr(config)


def test_who_answers_a_byte_at_a_time_is_left_when_time_is_up() -> None:
    with (
        dripping(b"HTTP/1.1 200 OK\r\n") as port,
        pytest.raises(DeliveryFailed, match="did not answer in time") as caught,
    ):
        post(f"http://127.0.0.1:{port}/s3cret", b"{}", {}, whole_s=0.2)

    assert caught.value.retriable
    assert "s3cret" not in str(caught.value)


def test_what_is_opened_when_time_is_up_already_is_left_at_once() -> None:
    """A name that was looked up for long: what came after it had no limit at all."""

    def listen_twice(port: int) -> None:
        with within(0.05):
            for _ in range(2):
                with connected(("127.0.0.1", port), 5.0) as connection:
                    while connection.recv(64):
                        pass

    with dripping(b"220 ") as port, pytest.raises(TimeoutError):
        listen_twice(port)


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("", "554 not from your address"),
        ("MAIL", "530 5.7.0 Authentication required"),
        ("MAIL", "550 5.7.1 not your sender"),
        ("RCPT", "554 5.7.1 Relay access denied"),
        ("DATA", "554 5.7.1 your address is blocked"),
    ],
)
def test_what_the_settings_can_mend_of_mail_is_tried_again(command: str, answer: str) -> None:
    with mail_receiver() as receiver:
        receiver.answers[command] = answer
        mail = notifier(receiver.url, "email", **MAIL)
        with pytest.raises(DeliveryFailed, match=answer[4:]) as caught:
            mail.deliver(MESSAGE)
        receiver.answers.clear()
        mail.deliver(MESSAGE)

    assert caught.value.retriable


def test_a_letter_that_is_refused_for_itself_is_not_sent_again() -> None:
    with mail_receiver() as receiver:
        receiver.answers["DATA"] = "552 5.3.4 too large"
        with pytest.raises(DeliveryFailed, match="too large") as caught:
            notifier(receiver.url, "email", **MAIL).deliver(MESSAGE)

    assert not caught.value.retriable


def test_who_is_put_off_gets_the_letter_later_and_the_others_once() -> None:
    """As a server with a grey list does it, for each recipient."""
    with mail_receiver() as receiver:
        to = ["ops@example.com", "on@example.com", "gone@example.com"]
        mail = notifier(receiver.url, "email", **{**MAIL, "to": to})
        receiver.refused = {"on@": 450, "gone@": 550}
        with pytest.raises(DeliveryFailed, match=r"on@example\.com \(450 no\)") as first:
            mail.deliver(MESSAGE)
        # Who has it would be refused now, and is not sent it.
        receiver.refused = {"ops@": 550}
        with pytest.raises(DeliveryFailed, match=r"refused gone@example\.com \(550") as second:
            mail.deliver(MESSAGE)

    assert (first.value.retriable, second.value.retriable) == (True, False)
    assert len(receiver.letters) == 2


def test_what_mail_lacks_is_told_with_what_helps() -> None:
    with mail_receiver() as receiver:
        foreign = {**MAIL, "to": ["jürgen@example.com"]}
        with pytest.raises(DeliveryFailed, match="Write the addresses in ASCII"):
            notifier(receiver.url, "email", **foreign).deliver(MESSAGE)

        receiver.answers[""] = "HTTP/1.1 400 Bad Request"
        with pytest.raises(DeliveryFailed, match="is no mail server"):
            notifier(receiver.url, "email", **MAIL).deliver(MESSAGE)


@pytest.mark.parametrize("begin", [b"220 ", b"220 mail\r\n250 mail\r\n250 "])
def test_so_is_a_mail_server_that_does(begin: bytes) -> None:
    with dripping(begin) as port:
        url = f"smtp://127.0.0.1:{port}"
        config = {"name": "a", "kind": "email", "url": url, **MAIL}
        mail = Mail(msgspec.convert(config, NotifierConfig), whole_s=0.2)
        with pytest.raises(DeliveryFailed, match="did not answer in time") as caught:
            mail.deliver(MESSAGE)

    assert caught.value.retriable


@pytest.fixture
def silent_resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A name server that answers nobody, as a machine sees it that waits for it."""
    ended = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: ended.wait() and [])
    yield
    ended.set()


@pytest.mark.usefixtures("silent_resolver")
def test_a_name_server_that_is_silent_holds_no_message_up() -> None:
    with pytest.raises(DeliveryFailed, match=r"hooks\.test was not resolved in time") as caught:
        post("https://hooks.test/s3cret", b"{}", {}, whole_s=0.2)

    assert caught.value.retriable
    assert "s3cret" not in str(caught.value)


@pytest.mark.usefixtures("silent_resolver")
def test_nor_a_letter() -> None:
    config = {"name": "a", "kind": "email", "url": "smtp://mail.test", **MAIL}
    mail = Mail(msgspec.convert(config, NotifierConfig), whole_s=0.2)

    with pytest.raises(DeliveryFailed, match=r"mail\.test was not resolved in time") as caught:
        mail.deliver(MESSAGE)

    assert caught.value.retriable
