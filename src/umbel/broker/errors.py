"""Translates what kombu, py-amqp and redis-py raise into a `BrokerError`.

Each has a sentence that names the broker without secrets, and what to do next: refused logins,
missing virtual hosts, queues declared otherwise. Open it when a driver's own error is shown.
"""

from __future__ import annotations

import re
import ssl
from typing import Any, Final

from umbel.broker.link import Link
from umbel.errors import BrokerError, BrokerMisconfigured, BrokerRefused, BrokerUnreachable
from umbel.masking import MASK
from umbel.process_secrets import hidden

_NAMES: Final = {"amqp": "RabbitMQ", "redis": "Redis"}
#: What Redis' answers say that is neither the password nor a right, and what to do then.
_REDIS_REMEDIES: Final = (
    (
        "maxmemory",
        "It has no memory left: let workers empty its queues, free what else is kept there, or "
        "raise its maxmemory.",
    ),
    (
        "read only replica",
        "It is a replica: name the master in the broker's URL, or its Sentinels (sentinel://...).",
    ),
    (
        "unknown command 'sentinel'",
        "That is a Redis, not a Sentinel: write redis:// for it, or name a Sentinel (port 26379).",
    ),
    ("misconf", "It cannot save to its disk: free some space there, and look into its log."),
)
#: Of these, what is said to everybody who wants to write anything.
_WRITES_NOTHING: Final = ("maxmemory", "read only replica", "misconf")
#: What redis-py puts before an answer within a pipeline: the command, with what was to be stored.
_PIPELINE: Final = re.compile(r"\ACommand # \d+ \(.*?\) of pipeline caused error: ", re.DOTALL)
#: What redis-py raises when no Sentinel names a master, with each that could not be asked.
_NO_MASTER: Final = re.compile(r"No master found for '(.*?)'")
_SENTINEL_FAILED: Final = re.compile(r"> - \S")
#: Words of Redis' own answers that mean the credentials, not the network.
_REDIS_PASSWORD: Final = ("wrongpass", "noauth", "password", "auth")


def translated(error: BaseException, link: Link, thing: str | None = None) -> BrokerError:
    """The error that a driver raised, told apart and told in our words. `thing` is what was
    to be touched (`the queue mail`), if it was not our own queue of events."""
    if isinstance(error, BrokerError):
        return error
    if type(error).__module__.startswith("kombu") and error.__cause__ is not None:
        return translated(error.__cause__, link, thing)
    if type(error).__name__ == "ConsumerCancelled":
        return BrokerUnreachable(
            f"{_who(link)} ended the reading of the queue {link.queue_name}: it was deleted, or "
            "the node that holds it left.",
            remedy="It is declared anew; what was in it is lost if it was deleted.",
        )
    if isinstance(error, TypeError):
        # A keyword that the driver does not know: it calls itself by the options.
        return BrokerMisconfigured(
            f"The options of the transport to {_who(link)} cannot be used: {_words(error)}.",
            remedy="Check --broker-option and the application's broker_transport_options.",
        )
    code = _amqp_code(error)
    if code is not None:
        return (thing and _amqp_thing(error, code, link, thing)) or _amqp(error, code, link)
    # redis-py hands a failed handshake on as a connection error with the same words.
    if isinstance(error, ssl.SSLError) or "[SSL" in str(error):
        return BrokerRefused(
            f"The TLS handshake with {_who(link)} failed: {_words(error)}.",
            remedy="Check the scheme of the URL, the certificate and the authority that "
            "broker_use_ssl names.",
        )
    if type(error).__name__ == "MasterNotFoundError":
        return _no_master(str(error), link)
    answered = type(error).__module__.startswith("redis") and not _is_network(error)
    if answered:
        return _redis(error, link, thing)
    if type(error).__module__.startswith("botocore") and hasattr(error, "response"):
        return BrokerRefused(
            f"Amazon SQS refused {thing or 'us'}: {_words(error)}.",
            remedy="Check the credentials, the region and what they may do; a queue is purged "
            "at most once a minute.",
        )
    return BrokerUnreachable(
        f"{_who(link)} does not answer: {_words(error)}.",
        remedy="Check that it runs and that this machine can reach it.",
    )


def _who(link: Link) -> str:
    return f"{_NAMES.get(link.transport, 'The broker')} at {link.url}"


def _user(link: Link) -> str:
    """Who it is; a lone name in an address may be a password with a sign too few."""
    if link.template.userid and not link.template.password:
        return MASK
    return str(link.template.userid or "guest")


def _words(error: BaseException) -> str:
    text = str(error).strip().rstrip(".") or type(error).__name__
    return hidden(text)


def _amqp_code(error: BaseException) -> int | None:
    """The AMQP reply code that the broker itself gave, if it gave one."""
    code = getattr(error, "reply_code", None)
    return code if type(error).__module__.startswith("amqp") and code else None


def _amqp(error: Any, code: int, link: Link) -> BrokerError:
    reply = hidden(str(getattr(error, "reply_text", "") or error)).rstrip(".")
    user = _user(link)
    if code == 403 and "login" in reply.lower():
        return BrokerRefused(
            f"{_who(link)} refused the password of user {user}.",
            remedy="Check the user and the password in the broker's URL.",
        )
    if code in (402, 530):
        vhost = link.template.virtual_host or "/"
        return BrokerRefused(
            f"{_who(link)} refused the virtual host {vhost}: {reply}.",
            remedy=f"Check the end of the broker's URL, and that user {user} may use it.",
        )
    if code == 403:
        return BrokerRefused(
            f"{_who(link)} refused user {user}: {reply}.",
            remedy=f"Give the user the rights configure, write and read on {link.queue_name} "
            f"and on the exchange {link.exchange}.",
        )
    if code == 406:
        return BrokerRefused(
            f"{_who(link)} has the queue {link.queue_name} or the exchange {link.exchange} "
            f"with other arguments: {reply}.",
            remedy="Delete that queue, or choose another name for it.",
        )
    return BrokerUnreachable(f"{_who(link)} ended the connection: {reply}.")


def _amqp_thing(error: Any, code: int, link: Link, thing: str) -> BrokerError | None:
    """The broker's refusal of what somebody asked for; None when it is not about that."""
    reply = hidden(str(getattr(error, "reply_text", "") or error)).rstrip(".")
    if code == 404:
        return BrokerRefused(
            f"{_who(link)} has not got {thing}.",
            remedy="Check its name, or start a worker that reads it: workers declare it.",
        )
    if code == 405:
        return BrokerRefused(
            f"{thing[:1].upper()}{thing[1:]} at {link.url} belongs to one connection alone: "
            f"{reply}.",
            remedy="Nobody else can look into it.",
        )
    if code == 406:
        return BrokerRefused(
            f"{_who(link)} has {thing} with other arguments than the application says: {reply}.",
            remedy="Let the application say what the broker has, or delete it and declare it anew.",
        )
    if code == 403 and "login" not in reply.lower():
        return BrokerRefused(
            f"{_who(link)} refused user {_user(link)}: {reply}.",
            remedy=f"Give the user the rights configure, write and read on {thing}.",
        )
    return None


def _no_master(text: str, link: Link) -> BrokerError:
    """Sentinels cannot be asked, refuse, or know of no master that is up."""
    found = _NO_MASTER.match(text)
    name = found[1] if found else "of that name"
    failed, refused = len(_SENTINEL_FAILED.findall(text)), text.count("AuthenticationError")
    if failed and refused >= failed:
        return BrokerRefused(
            f"The Sentinels at {link.url} refused the password.",
            remedy="They have one of their own, beside Redis': sentinel_kwargs={'password': ...} "
            "in the application's broker_transport_options, or --broker-option "
            """sentinel_kwargs='{"password": ...}'.""",
        )
    if failed >= max(1, len(link.template.alt or ())):
        return BrokerUnreachable(
            f"No Sentinel at {link.url} answers.",
            remedy="Check that they run and that this machine can reach them.",
        )
    silent = f" ({failed} of them could not be asked)" if failed else ""
    return BrokerUnreachable(
        f"The Sentinels at {link.url} name no master {name} that is up{silent}.",
        remedy="While another Redis takes over this is over within seconds; otherwise compare "
        "master_name with what SENTINEL MASTERS lists there.",
    )


def _is_network(error: BaseException) -> bool:
    from redis import exceptions

    refused = (exceptions.AuthenticationError, exceptions.AuthorizationError)
    network = (exceptions.ConnectionError, exceptions.TimeoutError)
    return isinstance(error, network) and not isinstance(error, refused)


def _redis(error: BaseException, link: Link, thing: str | None) -> BrokerError:
    words = _PIPELINE.sub("", _words(error))
    if any(sign in words.lower() for sign in _REDIS_PASSWORD):
        whose = "the password"
        if link.template.userid:
            whose += f" of user {_user(link)}"
        return BrokerRefused(
            f"{_who(link)} refused {whose}: {words}.",
            remedy="Check the user and the password in the broker's URL.",
        )
    remedy = next((its for sign, its in _REDIS_REMEDIES if sign in words.lower()), None)
    if remedy is not None:
        what = "" if thing is None else f" what was asked of {thing}"
        refused = BrokerRefused(f"{_who(link)} refused{what}: {words}.", remedy=remedy)
        refused.takes_nothing = any(sign in words.lower() for sign in _WRITES_NOTHING)
        return refused
    if thing is not None:
        return BrokerRefused(
            f"{_who(link)} refused what was asked of {thing}: {words}.",
            remedy="Check the database number in the broker's URL and the rights of its user.",
        )
    return BrokerRefused(
        f"{_who(link)} refused: {words}.",
        remedy="Check the database number in the broker's URL, and that its user may "
        "subscribe to the channels of Celery's events.",
    )
