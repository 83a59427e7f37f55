"""What can be told to be wrong in a broker's address without going there.

Rules as far as a person can make the mistake: kombu's own parser says it in Python's words,
with parts of the password, or not before a connection is made, and then it is tried for ever.
Nothing here loads a transport, which would cost twenty megabytes.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
from collections.abc import Collection, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote

from kombu.utils.url import parse_url

from umbel.errors import BrokerMisconfigured
from umbel.masking import MASK

_SCHEME: Final = re.compile(r"[A-Za-z][\w+.-]*://")
_ENDS: Final = re.compile(r"[/?#]")
_NAME: Final = re.compile(r"[a-z]+(?:_[a-z]+)+|[a-z]{1,12}")
_REDIS: Final = frozenset({"redis", "rediss", "sentinel"})
_AMQP: Final = frozenset({"amqp", "amqps", "pyamqp", "librabbitmq"})
#: What kombu understands in the query of an address, beside `ssl_...`.
_PARAMETERS: Final = frozenset({"connect_timeout", "heartbeat", "insist", "login_method", "ssl"})
#: What kombu's Redis understands there for a socket: the number of the database.
_OF_SOCKETS: Final = frozenset({"virtual_host"})
#: By transport: the library that it needs, and the extra that brings it.
_LIBRARIES: Final[Mapping[str, tuple[str, str]]] = {
    "redis": ("redis", "umbel[redis]"),
    "rediss": ("redis", "umbel[redis]"),
    "sentinel": ("redis", "umbel[redis]"),
    "librabbitmq": ("librabbitmq", "kombu[librabbitmq]"),
    "mongodb": ("pymongo", "kombu[mongodb]"),
    "sqlalchemy": ("sqlalchemy", "kombu[sqlalchemy]"),
    "sqla": ("sqlalchemy", "kombu[sqlalchemy]"),
    "zookeeper": ("kazoo", "kombu[zookeeper]"),
    "consul": ("consul", "kombu[consul]"),
    "etcd": ("etcd", "python-etcd"),
    "pyro": ("Pyro4", "kombu[pyro]"),
    "qpid": ("qpid", "kombu[qpid]"),
    "azureservicebus": ("azure", "kombu[azureservicebus]"),
    "gcpubsub": ("google", "kombu[gcpubsub]"),
}
_LIKE: Final = "Give one like redis://host:6379/0 or amqp://user:password@host:5672/vhost."


def check_address(url: str, options: Mapping[str, object] | None) -> None:
    """Raises `BrokerMisconfigured` for an address (one, not several) that cannot work with
    these transport options; None: they are not known yet."""
    if not _SCHEME.match(url):
        # kombu would take all of it for the name of a RabbitMQ host.
        raise BrokerMisconfigured(
            "The broker's URL cannot be used: it does not begin with the name of a transport "
            "and ://.",
            remedy=_LIKE,
        )
    scheme, _, rest = url.partition("://")
    _check_signs(rest)
    name = scheme.split("+")[0].lower()
    _check_library(name)
    if name in _REDIS | _AMQP:
        _check_parameters(rest, _PARAMETERS | (_OF_SOCKETS if _is_socket(scheme) else set()))
    if scheme.lower() in _REDIS:
        _check_database(rest)
    if name == "sentinel" and options is not None:
        _check_sentinel(options)


def parts_of(url: str) -> dict[str, Any]:
    """kombu's parts of an address (one, not several), without its parameters. A socket's
    `virtual_host` is the file and the number of the database. Raises what kombu raises."""
    before, _, query = url.partition("?")
    parts: dict[str, Any] = parse_url(before)
    number = dict(parse_qsl(query)).get("virtual_host", "0")
    if _is_socket(url.partition("://")[0]) and number != "0":
        parts["virtual_host"] = f"{parts['virtual_host']}?virtual_host={number}"
    return parts


def _is_socket(scheme: str) -> bool:
    return scheme.lower() == "redis+socket"


def _check_library(transport: str) -> None:
    """Raises `BrokerMisconfigured` if the library of this transport is not there."""
    module, extra = _LIBRARIES.get(transport, ("", ""))
    if module and importlib.util.find_spec(module) is None:
        raise BrokerMisconfigured(
            f"The library for brokers of the kind {transport}:// is not installed.",
            remedy=f"pip install '{extra}'",
        )


def unusable_library(transport: str) -> BrokerMisconfigured | None:
    """What is wrong where kombu found the library of this transport, and could not use it: it is
    far too old, half installed, or a file of that name hides it. None for a library that is not
    known here."""
    if transport.lower() not in _LIBRARIES:
        return None
    module, extra = _LIBRARIES[transport.lower()]
    reason, where = "its parts do not fit together", ""
    try:
        found = importlib.import_module(module)
        where = f" It was found in {found.__file__}." if getattr(found, "__file__", None) else ""
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".rstrip(".")
    return BrokerMisconfigured(
        f"The library {module}, which brokers of the kind {transport}:// need, cannot be used: "
        f"{reason}.{where}",
        remedy=f"Install it anew: pip install --upgrade --force-reinstall '{extra}'. A file of "
        f"yours called {module}.py, which hides it, needs another name.",
    )


def _check_sentinel(options: Mapping[str, object]) -> None:
    """Raises `BrokerMisconfigured` if Sentinel is not told whom to ask for."""
    if not options.get("master_name"):
        raise BrokerMisconfigured(
            "Redis Sentinel needs the name of the master that it watches.",
            remedy="Add --broker-option master_name=NAME, or master_name to the application's "
            "broker_transport_options.",
        )


def _check_signs(rest: str) -> None:
    """A sign of the password that ends the host part must not be told with what follows it."""
    netloc = _ENDS.split(rest)[0]
    user = rest.rpartition("@")[0] if "@" in netloc else ""
    sign = next((sign for sign in "[]" if sign in user), None)
    if "@" not in netloc and "@" in rest and ":" in netloc:
        ends = rest[len(netloc)]
        if ends in "?#" or not netloc.partition(":")[2].isdigit():
            sign = ends
    if sign is not None:
        raise BrokerMisconfigured(
            f"The user or the password in the broker's URL holds the sign {sign}, which means "
            "something else there.",
            remedy=f"Percent-encode it: write {quote(sign, safe='')} for {sign}.",
        )


def _check_parameters(rest: str, allowed: Collection[str]) -> None:
    query = rest.partition("?")[2]
    for name, _ in parse_qsl(query, keep_blank_values=True):
        if name not in allowed and not name.startswith("ssl_"):
            # What stands there may be the end of a password with a question mark in it.
            shown = name if _NAME.fullmatch(name) else MASK
            raise BrokerMisconfigured(
                f"The broker's URL has the parameter {shown}, which nothing reads.",
                remedy="Leave it out. Options of the transport are given as --broker-option "
                f"{shown}=VALUE.",
            )


def _check_database(rest: str) -> None:
    path = unquote(rest.partition("?")[0].rpartition("@")[2].partition("/")[2])
    if path and not path.isdigit():
        raise BrokerMisconfigured(
            f"The broker's URL ends in {path}, but databases of Redis have numbers.",
            remedy="Give one like redis://host:6379/0.",
        )
