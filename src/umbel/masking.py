"""Addresses of brokers, result backends and servers as people may see them.

Theory of operation. What may be secret in an address cannot be listed: passwords hold `@`, `/`,
`;` and spaces, users are sometimes passwords, parameters are called as their inventors liked. So
it is the other way round: an address is taken apart by a strict grammar, and each part is shown
if it is of a harmless form.

    scheme://  userinfo@   host:port,host:port  /path     ?name=value   #fragment
    shown      *** always  shown                if plain  if listed     *** always

What does not fit the grammar keeps its scheme alone (`redis://***`), and what has none is `***`.
Where an `@` stands behind the host part, nobody can tell where the password ends: the scheme alone
again. Several addresses, joined by `;` or `,`, are masked one by one.
"""

from __future__ import annotations

import re
from typing import Final

MASK: Final = "***"
#: First parts of schemes (`db` of `db+postgresql://`) that Celery and its libraries know. An
#: address is told from the rest of a password, as in `redis://:a;b://c@host`, by them.
SCHEMES: Final = frozenset(
    {
        "amqp", "amqps", "arangodb", "azureblockblob", "azureservicebus", "azurestoragequeues",
        "cache", "cassandra", "confluentkafka", "consul", "cosmosdbsql", "couchbase", "couchdb",
        "db", "disabled", "django", "dynamodb", "elasticsearch", "etcd", "file", "filesystem",
        "gcpubsub", "gcs", "gs", "http", "https", "kafka", "librabbitmq", "mariadb", "memcache",
        "memcached", "memory", "mongodb", "mssql", "mysql", "oracle", "postgres", "postgresql",
        "pyamqp", "pyro", "qpid", "redis", "rediss", "rpc", "s3", "sentinel", "slmq", "socket",
        "sqla", "sqlalchemy", "sqlite", "sqs", "tcp", "unix", "valkey", "valkeys", "zk",
        "zookeeper",
    }
)  # fmt: skip
#: What stands for a broker or backend without being an address.
_SHORT_NAMES: Final = SCHEMES | {"database", "django-cache", "django-db", "localhost"}
_CLASS: Final = re.compile(r"[a-z_]{1,30}(?:\.[a-z_]{1,30}){1,6}(?:[.:][A-Z][A-Za-z]{1,40})?")

_SCHEME: Final = r"[A-Za-z][A-Za-z0-9]{0,19}(?:[+.-][A-Za-z0-9_]{1,20}){0,3}"
_WHOLE: Final = re.compile(rf"(?P<scheme>{_SCHEME})://(?P<rest>.*)", re.DOTALL)
_SAFE_SCHEME: Final = re.compile(r"[a-z]{2,16}(?:\+[a-z0-9_]{2,16}){0,3}")
_NEXT: Final = re.compile(rf"[;,]\s*(?=({_SCHEME})://)")
_ENDS: Final = re.compile(r"[/?#]")
_HOST: Final = r"(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_][A-Za-z0-9_.-]{0,252})(?::\d{1,5})?"
_HOSTS: Final = re.compile(rf"(?:{_HOST}(?:[,;]{_HOST})*)?")
_PATH: Final = re.compile(r"(?:/(?:[A-Za-z0-9_.~+-]|%2[Ff]){0,64})*")

_NUMBER: Final = re.compile(r"\d{1,6}(?:\.\d{1,3})?")
_SWITCH: Final = re.compile(r"(?i)true|false|yes|no|on|off|0|1")
#: Parameters whose values are shown if they are of this form.
_SHOWN: Final = {
    **dict.fromkeys(
        ("connect_timeout", "db", "heartbeat", "max_connections", "port", "socket_connect_timeout",
         "socket_timeout", "timeout"), _NUMBER,
    ),
    **dict.fromkeys(("insist", "socket_keepalive", "ssl", "tls"), _SWITCH),
    "charset": re.compile(r"utf8(?:mb4)?|latin1|ascii"),
    "login_method": re.compile(r"PLAIN|AMQPLAIN|EXTERNAL"),
    "ssl_cert_reqs": re.compile(r"(?i)(?:cert_)?(?:none|optional|required)"),
    "sslmode": re.compile(r"disable|allow|prefer|require|verify-ca|verify-full"),
    "virtual_host": re.compile(r"/?\d{1,3}"),
}  # fmt: skip
#: Parameters of which only the names are shown.
_NAMED: Final = frozenset(
    {
        "access_key", "api_key", "auth", "authSource", "database", "key", "odbc_connect",
        "passphrase", "passwd", "password", "pwd", "replicaSet", "secret", "sig", "ssl_ca_certs",
        "ssl_certfile", "ssl_keyfile", "sslcert", "sslkey", "sslpassword", "sslrootcert", "token",
        "user", "username",
    }
)  # fmt: skip


def mask_address(text: str) -> str:
    """An address, or several joined by `;` or `,`, without anything that may be secret."""
    return "".join(_one(part) if is_address else ";" for is_address, part in _parts(text))


def addresses_in(text: str) -> list[str]:
    """Each of several addresses that are joined by `;` or `,`."""
    return [part for is_address, part in _parts(text) if is_address]


def is_understood(address: str) -> bool:
    """Whether the grammar fits one address, so that more than its scheme is shown."""
    shown = _one(address)
    return shown != MASK and not shown.endswith(f"://{MASK}")


def _parts(text: str) -> list[tuple[bool, str]]:
    found, start = [], 0
    for joint in _NEXT.finditer(text):
        if _family(joint[1]) in SCHEMES:
            found += [(True, text[start : joint.start()]), (False, ";")]
            start = joint.end()
    return [*found, (True, text[start:])]


def _family(scheme: str) -> str:
    return re.split(r"[+.-]", scheme, maxsplit=1)[0].lower()


def _one(text: str) -> str:
    found = _WHOLE.fullmatch(text)
    if found is None:
        return text if not text or _is_short_name(text) else MASK
    scheme, rest = found["scheme"], found["rest"]
    if _family(scheme) not in SCHEMES and not _SAFE_SCHEME.fullmatch(scheme):
        return MASK
    ends = _ENDS.search(rest)
    authority, tail = (rest[: ends.start()], rest[ends.start() :]) if ends else (rest, "")
    _, at, hosts = authority.rpartition("@")
    if "@" in tail or not _HOSTS.fullmatch(hosts):
        return f"{scheme}://{MASK}"
    before, hash_, _ = tail.partition("#")
    path, mark, query = before.partition("?")
    shown = path if _PATH.fullmatch(path) else f"/{MASK}"
    shown += f"?{_query(query)}" if mark and query else ""
    return f"{scheme}://{MASK + at if at else ''}{hosts}{shown}{hash_ and '#' + MASK}"


def _is_short_name(text: str) -> bool:
    return text in _SHORT_NAMES or _CLASS.fullmatch(text) is not None


def _query(query: str) -> str:
    return "&".join(_parameter(pair) for pair in re.split("[&;]", query) if pair)


def _parameter(pair: str) -> str:
    name, equals, value = pair.partition("=")
    if not equals or (name not in _SHOWN and name not in _NAMED):
        return f"{MASK}={MASK}" if equals else MASK
    is_safe = name in _SHOWN and _SHOWN[name].fullmatch(value)
    return f"{name}={value if is_safe else MASK}"
