"""E-mail by SMTP: `smtp://host:25`, `smtp://user:password@host:587` (STARTTLS where it is offered,
and always before a password), `smtps://user:password@host:465`."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from types import MappingProxyType
from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit

from umbel.errors import DeliveryFailed
from umbel.notify.base import TIMEOUT_S, AlertMessage, NotifierConfig
from umbel.notify.templates import TEXT, TITLE, filled
from umbel.time_limit import WHOLE_S, connected, within

#: How much of an answer is told, characters.
_WORDS_MAX: Final = 200
#: Of so many messages it is remembered who is still to have them.
_BEGUN_MAX: Final = 1_000
#: The answer of a server that takes letters only of who logs in (RFC 4954).
_LOGIN_FIRST: Final = 530
_PORTS: Final = {"smtp": 25, "smtps": 465}


class _Smtp(smtplib.SMTP):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return connected((host, port), timeout, self.source_address)

    def __exit__(self, *_: object) -> None:
        # The letter is taken by now, or refused: what QUIT is answered changes neither.
        with suppress(smtplib.SMTPException, OSError):
            self.docmd("QUIT")
        self.close()


class _Smtps(smtplib.SMTP_SSL, _Smtp):
    """The same over TLS, which wraps the socket."""


class _Begun(NamedTuple):
    """Who is still to have a message, and who never will, with what they were refused with."""

    left: tuple[str, ...]
    never: Mapping[str, tuple[int, bytes]] = MappingProxyType({})


class Mail:
    """One connection for each message, of `whole_s` seconds at most."""

    def __init__(self, config: NotifierConfig, whole_s: float = WHOLE_S) -> None:
        self._config = config
        self._whole_s = whole_s
        self._url = urlsplit(config.url)
        #: Messages that some have, by their ids, the newest last.
        self._begun: OrderedDict[str, _Begun] = OrderedDict()

    def deliver(self, message: AlertMessage) -> None:
        host = self._url.hostname or "localhost"
        begun = self._begun.get(message.id, _Begun(self._config.to))
        try:
            with within(self._whole_s) as limit, self._connected(host) as server:
                refused = server.send_message(self._letter(message), to_addrs=begun.left)
                limit.is_met = True
        except smtplib.SMTPResponseException as error:
            raise _answered(host, error) from None
        except smtplib.SMTPRecipientsRefused as error:
            raise DeliveryFailed(
                f"The mail server {host} takes mail for none of {_who(error.recipients)}.",
                retriable=any(_is_mended(*each) for each in error.recipients.values()),
            ) from None
        except smtplib.SMTPNotSupportedError as error:
            raise _unsupported(host, self._url.username, error) from None
        except smtplib.SMTPServerDisconnected:
            # smtplib says this of a connection that is closed, and of one that is silent.
            raise DeliveryFailed(
                f"The mail server {host} did not answer in time, or closed the connection.",
                retriable=True,
            ) from None
        except UnicodeEncodeError:
            raise DeliveryFailed(
                f"The user or password for the mail server {host} cannot be sent: it has letters "
                "other than those of ASCII.",
                remedy="Give it another one.",
                retriable=True,
            ) from None
        except (OSError, smtplib.SMTPException) as error:
            why = getattr(error, "strerror", None) or type(error).__name__
            raise DeliveryFailed(
                f"The mail server {host} could not be reached: {why}.", retriable=True
            ) from None
        self._finish(message.id, host, {**begun.never, **refused})

    def _finish(self, message_id: str, host: str, refused: Mapping[str, tuple[int, bytes]]) -> None:
        """After some have it: to those it is not sent again. Raises `DeliveryFailed`."""
        left = tuple(who for who, answer in refused.items() if _is_mended(*answer))
        self._begun.pop(message_id, None)
        if left:
            never = {who: answer for who, answer in refused.items() if who not in left}
            self._begun[message_id] = _Begun(left, never)
            while len(self._begun) > _BEGUN_MAX:
                self._begun.popitem(last=False)
        if refused:
            raise DeliveryFailed(
                f"The mail server {host} refused {_who(refused)}; the others have it.",
                retriable=bool(left),
            )

    def _connected(self, host: str) -> smtplib.SMTP:
        url, context = self._url, ssl.create_default_context()
        port = url.port or _PORTS[url.scheme]
        server: smtplib.SMTP
        if url.scheme == "smtps":
            server = _Smtps(host, port, timeout=TIMEOUT_S, context=context)
        else:
            server = _Smtp(host, port, timeout=TIMEOUT_S)
        try:
            server.ehlo()
            if url.scheme == "smtp" and (url.username or server.has_extn("starttls")):
                server.starttls(context=context)
                server.ehlo()
            if url.username:
                server.login(unquote(url.username), unquote(url.password or ""))
        except BaseException:
            server.close()
            raise
        return server

    def _letter(self, message: AlertMessage) -> EmailMessage:
        config, letter = self._config, EmailMessage()
        # A line break in a subject would be another header.
        letter["Subject"] = " ".join(filled(config.title or TITLE, message).split())
        letter["From"] = config.sender
        letter["To"] = ", ".join(config.to)
        letter["Date"] = formatdate(message.at)
        letter["Message-ID"] = make_msgid(message.id, config.sender.rpartition("@")[2].strip("> "))
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(filled(config.text or TEXT, message))
        return letter


def _answered(host: str, error: smtplib.SMTPResponseException) -> DeliveryFailed:
    """Only the letter itself can be refused for good. What is said to a greeting, a login or a
    sender is about the settings, which are mended while the message waits."""
    answer = error.smtp_error
    words = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer)
    if error.smtp_code < 0:
        return DeliveryFailed(f"What answers at {host} is no mail server.", retriable=True)
    is_of_letter = isinstance(error, smtplib.SMTPDataError)
    return DeliveryFailed(
        f"The mail server {host} answered {error.smtp_code} {words[:_WORDS_MAX]}",
        retriable=not is_of_letter or _is_mended(error.smtp_code, answer),
    )


def _is_mended(code: int, answer: bytes | str) -> bool:
    """Whether what is refused so may be taken later: by itself (4xx), or by whoever gives this
    server a right that it lacks (530, or 5.7.x of RFC 3463)."""
    words = answer if isinstance(answer, bytes) else answer.encode()
    return code < 500 or code == _LOGIN_FIRST or words.startswith(b"5.7.")


def _who(refused: Mapping[str, tuple[int, bytes]]) -> str:
    """Each with what it was refused with."""
    return ", ".join(
        f"{who} ({code} {answer.decode('utf-8', 'replace')[:_WORDS_MAX]})"
        for who, (code, answer) in refused.items()
    )


def _unsupported(
    host: str, user: str | None, error: smtplib.SMTPNotSupportedError
) -> DeliveryFailed:
    words = str(error)
    remedy = ""
    if "STARTTLS" in words and user:
        remedy = "A password is only sent where the connection is encrypted."
    elif "AUTH" in words:
        remedy = "It takes no login: leave user and password out of its address."
    elif "SMTPUTF8" in words:
        remedy = "Write the addresses in ASCII, the domain as xn--..."
    return DeliveryFailed(
        f"The mail server {host} cannot do what is needed: {words.rstrip('.')}.",
        remedy=remedy,
        retriable=True,
    )
