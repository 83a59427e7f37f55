"""E-mail by SMTP: `smtp://host:25`, `smtp://user:password@host:587` (STARTTLS where it is offered,
and always before a password), `smtps://user:password@host:465`."""

from __future__ import annotations

import smtplib
import socket
import ssl
from contextlib import suppress
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Final
from urllib.parse import unquote, urlsplit

from umbel.errors import DeliveryFailed
from umbel.notify.base import TIMEOUT_S, AlertMessage, NotifierConfig
from umbel.notify.templates import TEXT, TITLE, filled
from umbel.time_limit import WHOLE_S, connected, within

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


class Mail:
    """One connection for each message, of `whole_s` seconds at most."""

    def __init__(self, config: NotifierConfig, whole_s: float = WHOLE_S) -> None:
        self._config = config
        self._whole_s = whole_s
        self._url = urlsplit(config.url)

    def deliver(self, message: AlertMessage) -> None:
        host = self._url.hostname or "localhost"
        try:
            with within(self._whole_s) as limit, self._connected(host) as server:
                refused = server.send_message(self._letter(message))
                limit.is_met = True
        except smtplib.SMTPResponseException as error:
            told = error.smtp_error
            words = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
            raise DeliveryFailed(
                f"The mail server {host} answered {error.smtp_code} {words[:200]}",
                # A password is mended in the settings while the message waits.
                retriable=error.smtp_code < 500
                or isinstance(error, smtplib.SMTPAuthenticationError),
            ) from None
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise DeliveryFailed(
                f"The mail server {host} takes mail for none of {', '.join(error.recipients)}.",
                retriable=any(code < 500 for code in codes),
            ) from None
        except smtplib.SMTPNotSupportedError as error:
            raise DeliveryFailed(
                f"The mail server {host} cannot do what is needed: {error}",
                remedy="A password is only sent where the connection is encrypted.",
                retriable=True,
            ) from None
        except smtplib.SMTPServerDisconnected:
            # smtplib says this of a connection that is closed, and of one that is silent.
            raise DeliveryFailed(
                f"The mail server {host} did not answer in time, or closed the connection.",
                retriable=True,
            ) from None
        except (OSError, smtplib.SMTPException) as error:
            why = getattr(error, "strerror", None) or type(error).__name__
            raise DeliveryFailed(
                f"The mail server {host} could not be reached: {why}.", retriable=True
            ) from None
        if refused:
            # Some have it: sent again, these would get it twice.
            raise DeliveryFailed(
                f"The mail server {host} refused {', '.join(refused)}; the others have it.",
                retriable=False,
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
