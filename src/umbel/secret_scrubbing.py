"""Sentences of drivers and libraries without the secrets that they may repeat.

Two nets, one behind the other. What is known to be secret (`secrets_of`) is replaced wherever it
stands and however it is written. What is not known is found by its form: an address, `user:pw@`,
a name that sounds secret with a value. Forms cannot be listed, so the first net is what counts.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from umbel.masking import MASK, addresses_in, is_understood, mask_address

#: Names that everybody uses, for instance as the user and the password of a broker that is tried
#: out: as words of a sentence they are no secret, and without them nobody understands it.
_WORDS: Final = frozenset(
    {"admin", "broker", "celery", "default", "guest", "localhost", "mysql", "postgres", "queue",
     "rabbit", "rabbitmq", "redis", "root", "task", "tasks", "test", "umbel", "user", "worker"}
)  # fmt: skip
#: Shorter ones are replaced only where an address or a setting would have them.
_SHORT: Final = 4
#: Shorter ones are replaced as whole words.
_LONG: Final = 8
_SOUNDS_SECRET: Final = re.compile(
    r"(?i)passw(?:or)?d|passphrase|passcode|pwd|secret|token|credential|signature|cookie|conninfo"
    r"|(?:api|access|account|shared|private|master|storage)[_-]?key|key_?file|odbc_connect|dsn"
    r"|(?:^|_)(?:pass|pw|auth|sig|sas|pin|user|username)$"
)
#: The name under which whatever has no `://` is taken for options such as libpq's.
_ADDRESS: Final = "address"
#: `name=value` under names that sound secret, as in addresses, libpq's and ODBC's forms, options.
_PAIR: Final = re.compile(
    r"(?i)(?P<name>(?<![A-Za-z0-9])[\w.-]{0,60}?(?:passw(?:or)?d|passphrase|passcode|pwd|secret|token"
    r"|credentials?|signature|(?:api|access|account|shared|private|master|storage)[_-]?key"
    r"|key_?file|odbc_connect|conninfo|dsn|(?:(?<![A-Za-z0-9])|_)(?:pass|pw|auth|sig|sas|pin))"
    r"(?:[\"']\s*:\s*[bu]?|\s*=\s*|%3d))"
    r"(?P<value>\"(?:\\.|[^\"\\]){0,999}\"|'(?:\\.|[^'\\]){0,999}'|\{[^}]{0,999}\}|[^\s&;]+)"
)
_START: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,60}://")
_TOKEN_ENDS: Final = re.compile(r"[\s'\"<>`\\]")
_USERINFO: Final = re.compile(r"(?<!\S)[^\s@]{0,200}:\S{1,500}@")
_SIGNS: Final = re.compile(r"[\s@/?#:;,&=\[\]]")
_PART: Final = 6
_VALUE: Final = re.compile(r"[^&;]+")


def scrub(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without these secrets, and without what looks like one."""
    found = _addresses(hide(text, secrets))
    return _PAIR.sub(rf"\g<name>{MASK}", _USERINFO.sub(_no_userinfo, found))


def hide(text: str, secrets: Iterable[str]) -> str:
    """`text` without these secrets, the longest first."""
    for secret in sorted(secrets, key=len, reverse=True):
        if secret in text:
            text = _without(text, secret)
    return text


def _without(text: str, secret: str) -> str:
    word = re.escape(secret)
    if secret.lower() in _WORDS:
        return text
    if len(secret) < _SHORT:
        in_context = rf"(?<=[:=]){word}(?=[@&;\s]|$)|(?<=['\"]){word}(?=['\"])"
        return re.sub(in_context, MASK, text)
    if len(secret) < _LONG and secret.isalnum():
        return re.sub(rf"(?<![A-Za-z0-9]){word}(?![A-Za-z0-9])", MASK, text)
    return text.replace(secret, MASK)


def _no_userinfo(found: re.Match[str]) -> str:
    return found[0] if "://" in found[0] else f"{MASK}@"


def _addresses(text: str) -> str:
    """Each address masked. One that is not understood may have spaces in its password: then all
    goes up to the last `@`."""
    done, at = [], 0
    last = text.rfind("@")
    while (found := _START.search(text, at)) is not None:
        done.append(text[at : found.start()])
        end = _TOKEN_ENDS.search(text, found.end())
        stop = end.start() if end else len(text)
        token = text[found.start() : stop].rstrip(".,:;)]}")
        if is_understood(token):
            done.append(mask_address(token))
            at = found.start() + len(token)
            continue
        if last >= stop:
            end = _TOKEN_ENDS.search(text, last)
            stop = max(stop, end.start() if end else len(text))
        done.append(mask_address(token))
        at = stop
    return "".join([*done, text[at:]])


# -- what is secret ------------------------------------------------------------------------


def secrets_of(value: object, name: str = _ADDRESS) -> frozenset[str]:
    """What must not be told of an address, or of a setting called `name`: passwords, users with
    them, values of parameters, in every way in which a driver may write them."""
    return frozenset(form for each in _bare(value, name) for form in _forms(each) if form)


def _bare(value: object, name: str) -> Iterator[str]:
    match value:
        case str() if "://" in value or "@" in value:
            for address in {value, *addresses_in(value)}:
                yield from _of_address(address)
        case str() if name == _ADDRESS:
            yield from _of_pairs(value)
        case str() if _SOUNDS_SECRET.search(name):
            yield value
        case bytes():
            yield from _bare(value.decode("utf-8", "replace"), name)
        case Mapping():
            for key, inner in value.items():
                yield from _bare(inner, str(key))
        case list() | tuple() | set() | frozenset():
            for inner in value:
                yield from _bare(inner, name)


def _of_address(address: str) -> Iterator[str]:
    rest = address.partition("://")[2] or address
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    for userinfo in {rest.rpartition("@")[0], authority.rpartition("@")[0]}:
        user, _, password = userinfo.partition(":")
        yield userinfo
        yield password or user
        yield userinfo.rpartition(":")[2]
        # Parsers of URLs end a password at such signs, and then quote a part of it.
        yield from (part for part in _SIGNS.split(password) if len(part) >= _PART)
    query = rest.partition("?")[2]
    for pair in _VALUE.findall(query):
        name, _, value = pair.partition("=")
        if _SOUNDS_SECRET.search(name):
            yield value
            yield from _of_pairs(unquote_plus(value))
    yield from _of_pairs(rest)


def _of_pairs(text: str) -> Iterator[str]:
    for found in _PAIR.finditer(text):
        yield found["value"].strip("'\"{}")


def _forms(secret: str) -> Iterator[str]:
    spellings = {secret, unquote(secret), unquote_plus(secret)}
    for each in spellings:
        yield each
        yield quote(each, safe="")
        yield quote(each)
        yield quote_plus(each)
        yield repr(each)[1:-1]
        yield json.dumps(each)[1:-1]
        if ":" in each:
            yield base64.b64encode(each.encode("utf-8", "surrogatepass")).decode()
