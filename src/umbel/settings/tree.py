"""Every setting there is: its name, kind, default and one sentence of meaning.

This is the only list. The command line, the environment, the TOML file, `umbel settings`
and the table in `docs/settings.md` are all read from it. `retention.max_age` here is
`--retention-max-age`, `UMBEL_RETENTION_MAX_AGE`, and `max_age` under `[retention]`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from umbel.auth.providers.config import ProviderConfig
from umbel.auth.rules import Rule
from umbel.notify.base import NotifierConfig
from umbel.query.columns import ALL, TASK_COLUMNS
from umbel.settings import alert_kinds, kinds, login_kinds
from umbel.settings.kinds import ValueKind
from umbel.store.alerts import AlertRule

#: A link to another page of the documentation.
_LINK: Final = re.compile(r"\[([^\]]*)\]\(([^)#]+)[^)]*\)")


@dataclass(frozen=True)
class Setting:
    """One entry of the tree. `default` is as a person would write it, None for unset;
    `fallback` says in words what an unset one means. A `secret` is never shown."""

    path: tuple[str, ...]
    kind: ValueKind
    default: str | None
    meaning: str
    fallback: str
    short: str | None
    secret: bool
    in_file: bool

    @property
    def name(self) -> str:
        """As in TOML, with a dot after the section."""
        return ".".join(self.path)

    @property
    def env(self) -> str:
        """The name of its environment variable."""
        return "UMBEL_" + "_".join(self.path).upper()

    @property
    def plain_meaning(self) -> str:
        """Its meaning for a terminal: no Markdown, and links as the files they lead to."""
        return _LINK.sub(r"\1: docs/\2", self.meaning).replace("`", "")

    @property
    def flag(self) -> str:
        """Its option on the command line."""
        return "--" + "-".join(self.path).replace("_", "-")


def setting(
    kind: ValueKind,
    default: str | None,
    meaning: str,
    *,
    fallback: str = "unset",
    short: str | None = None,
    secret: bool = False,
    in_file: bool = True,
) -> Any:
    """A dataclass field that carries what `Setting` says, its default parsed."""
    value = None if default is None else kind.parse(default)
    return field(
        default=value,
        metadata={
            "kind": kind,
            "default": default,
            "meaning": meaning,
            "fallback": fallback,
            "short": short,
            "secret": secret,
            "in_file": in_file,
        },
    )


@dataclass(frozen=True, kw_only=True)
class RetentionSettings:
    """What may stay. The oldest partitions go first, whole."""

    max_age: float | None = setting(
        kinds.optional(kinds.duration(60, 36500 * 86400.0, "a duration such as 12h or 30d")),
        "30d",
        "How long a task is kept after it was first seen.",
    )
    max_size: int | None = setting(
        kinds.optional(kinds.size(10**7, 10**15, "a size such as 500MB or 20GB")),
        "20GB",
        "How much disk the history may take.",
    )
    max_tasks: int | None = setting(
        kinds.optional(kinds.number(1000, 10**12, "a whole number such as 5_000_000")),
        "none",
        "How many tasks are kept.",
    )
    audit_age: float | None = setting(
        kinds.optional(kinds.duration(86400, 36500 * 86400.0, "a duration such as 365d")),
        "365d",
        "How long it is kept who did what, and what actions reported.",
    )
    samples_age: float = setting(
        kinds.duration(86400, 366 * 86400.0, "a duration from 1d to 366d"),
        "30d",
        "How long it is kept how full queues were and how busy workers.",
    )
    offline_workers: float | None = setting(
        kinds.optional(kinds.duration(0, 36500 * 86400.0, "a duration such as 1h, or 0s")),
        "1d",
        "How long a worker of which nothing is heard stays in lists; its tasks are kept.",
    )


@dataclass(frozen=True, kw_only=True)
class CollectorSettings:
    """How events are taken from the broker."""

    name: str | None = setting(
        kinds.text("a name such as eu-1", name="name"),
        None,
        "What this collector is called in the status and in what it missed.",
        fallback="its host and process id, such as eu-1-4711",
    )
    batch_interval: float = setting(
        kinds.duration(0.01, 5.0, "a duration from 10ms to 5s"),
        "400ms",
        "The longest time that an event waits before it is committed; where hundreds come and "
        "nobody looks at tasks, 3.5 times as long.",
    )
    batch_events: int = setting(
        kinds.number(1, 100_000, "a whole number from 1 to 100_000"),
        "16000",
        "How many events are committed at once at most.",
    )
    buffer: int = setting(
        kinds.size(10**6, 10**10, "a size such as 32MB"),
        "32MB",
        "How much may wait in memory; beyond it events are shed and counted.",
    )
    runtime_buckets: tuple[float, ...] = setting(
        kinds.bounds("numbers of seconds that grow, such as 0.1,1,10"),
        "0.005,0.01,0.025,0.05,0.075,0.1,0.25,0.5,0.75,1,2.5,5,7.5,10",
        "The upper ends of the buckets of `flower_task_runtime_seconds` in `/metrics`, seconds.",
    )
    queue: str = setting(
        kinds.text("the name of a queue", name="name"),
        "umbel.events.v1",
        "How the name of the event queue on AMQP begins; the id of the store follows.",
    )
    queue_type: str = setting(
        kinds.choice("classic", "quorum"),
        "classic",
        "The type of that queue; a quorum queue keeps events over a broker's restart.",
    )
    queue_ttl: float = setting(
        kinds.duration(10, 30 * 86400.0, "a duration from 10s to 30d"),
        "1d",
        "How long an event waits in that queue while no collector runs.",
    )
    queue_expires: float = setting(
        kinds.duration(60, 365 * 86400.0, "a duration from 1min to 365d"),
        "3d",
        "How long that queue stays while no collector runs.",
    )
    queue_max_size: int = setting(
        kinds.size(10**6, 10**12, "a size such as 1GB"),
        "256MiB",
        "How much that queue may hold; beyond it the oldest events go.",
    )


#: What `metrics.without` may name.
LABELS = ("worker", "task", "queue", "exception")
_TASKS = "names of tasks with commas between, such as proj.pay.*"


@dataclass(frozen=True, kw_only=True)
class RedactSettings:
    """What of tasks is hidden before it is stored."""

    keys: tuple[str, ...] = setting(
        kinds.names("names of keys with commas between, such as default,*iban*"),
        "default",
        "Keys whose values are hidden, in keyword arguments and in dictionaries within arguments, "
        "results and errors. `default` are the usual secrets; `*` and `?` stand for any letters; "
        "what fits a pattern with `!` before it is shown.",
        fallback="nothing is hidden",
    )
    positions: tuple[tuple[str, tuple[int, ...]], ...] = setting(
        kinds.positions("names of tasks with positions from 0 on, such as proj.pay=[1]"),
        "",
        "Positional arguments that are hidden, by the name of their task.",
        fallback="none",
    )
    arguments: tuple[str, ...] = setting(
        kinds.names(_TASKS),
        "",
        "Tasks whose arguments are hidden whole.",
        fallback="none",
    )
    results: tuple[str, ...] = setting(
        kinds.names(_TASKS),
        "",
        "Tasks whose results are hidden.",
        fallback="none",
    )
    exceptions: tuple[str, ...] = setting(
        kinds.names(_TASKS),
        "",
        "Tasks of whose errors neither the message nor the traceback is shown.",
        fallback="none",
    )
    tracebacks: tuple[str, ...] = setting(
        kinds.names(_TASKS),
        "",
        "Tasks of whose errors the traceback is hidden.",
        fallback="none",
    )


@dataclass(frozen=True, kw_only=True)
class StoreSettings:
    """How the history is laid out on disk."""

    partition_tasks: int = setting(
        kinds.number(1000, 100_000_000, "a whole number such as 1_000_000"),
        "1_000_000",
        "How many tasks go into one file; retention removes whole files.",
    )


@dataclass(frozen=True, kw_only=True)
class SamplesSettings:
    """How queues and workers are watched over time."""

    period: float | None = setting(
        kinds.optional(kinds.duration(1, 600, "a duration from 1s to 10min")),
        "10s",
        "How often it is noted how full queues are and how busy workers; `none`: never "
        "([samples](samples.md)).",
    )


@dataclass(frozen=True, kw_only=True)
class MetricsSettings:
    """What Prometheus is told."""

    without: tuple[str, ...] = setting(
        kinds.words("names of labels such as worker,exception", LABELS),
        "",
        "Labels that [metrics](metrics.md) leave out: `worker` (and `hostname`), `task` (`name`), "
        "`queue` (`queue_name`), `exception`. What they told apart is one.",
        fallback="none",
    )
    port: int | None = setting(
        kinds.number(1, 65_535, "a port from 1 to 65535"),
        None,
        "A port at which there is nothing but `/metrics`, for which nobody logs in; with "
        "`metrics_token` only for who shows it.",
        fallback="none; `/metrics` is at the server's own",
    )
    offline: float = setting(
        kinds.duration(0, 30 * 86400.0, "a duration from 0s to 30d"),
        "20min",
        "How long a worker that is offline is told of as 0 before it leaves.",
    )


@dataclass(frozen=True, kw_only=True)
class AlertsSettings:
    """What people are told before they look."""

    every: float = setting(
        kinds.duration(1, 600, "a duration from 1s to 10min"),
        "10s",
        "How often rules are judged, whether anybody looks or not ([alerts](alerts.md)).",
    )
    url: str | None = setting(
        kinds.url("an address such as https://umbel.example.com", ("http", "https")),
        None,
        "The address under which people reach Umbel, for the links of messages.",
        fallback="the address that it listens on",
    )
    notifiers: tuple[NotifierConfig, ...] = setting(
        alert_kinds.notifiers(),
        "",
        "Whom rules can notify, a table `[alerts.notifiers.NAME]` each "
        "([notifiers](alerts.md#notifiers)); in a variable a JSON object.",
        fallback="nobody",
        secret=True,
    )
    rules: tuple[AlertRule, ...] = setting(
        alert_kinds.rules(),
        "",
        "Rules of alerts, a table `[alerts.rules.NAME]` each, beside those that people make "
        "([in the settings](alerts.md#in-the-settings)); in a variable a JSON object.",
        fallback="none",
    )


@dataclass(frozen=True, kw_only=True)
class HealingSettings:
    """Who is asked for what lost events would have told ([healing](healing.md))."""

    ask: bool = setting(
        kinds.switch(),
        "true",
        "Whether the result backend and workers are asked about tasks of which events may be "
        "missing.",
    )
    unknown_after: float = setting(
        kinds.duration(1, 30 * 86400.0, "a duration such as 10min"),
        "10min",
        "For how long a task whose end was not heard, and that nobody has, may still be heard of; "
        "then its state is UNKNOWN. A name that takes longer has longer.",
    )
    lookups: int = setting(
        kinds.number(1, 100_000, "a whole number from 1 to 100_000"),
        "1000",
        "How many results a second are read for it at most.",
    )
    list_results: bool = setting(
        kinds.switch(),
        "true",
        "Whether a gap in the events makes the result backend list what ended in it (SCAN on "
        "Redis, by its primary key in a database), so that tasks of which nothing was heard are "
        "found.",
    )


@dataclass(frozen=True, kw_only=True)
class OtelSettings:
    """What is sent by OpenTelemetry's protocol."""

    endpoint: str | None = setting(
        kinds.url("an address such as http://localhost:4318", ("http", "https")),
        None,
        "A receiver of OTLP over HTTP ([metrics](metrics.md#opentelemetry)); `/v1/traces` and "
        "`/v1/metrics` follow.",
        fallback="nothing is sent",
        secret=True,
    )
    headers: dict[str, object] | None = setting(
        kinds.options("names with values such as authorization=..."),
        None,
        "Headers that go with what is sent.",
        fallback="none",
        secret=True,
    )
    service: str = setting(
        kinds.text("a name such as shop", name="name"),
        "celery",
        "The `service.name` under which it is sent.",
    )
    spans: bool = setting(
        kinds.switch(),
        "true",
        "Whether a span is sent for each attempt that ends.",
    )
    metrics: float | None = setting(
        kinds.optional(kinds.duration(1, 3600, "a duration from 1s to 1h")),
        "1min",
        "How often metrics are sent; `none`: never.",
    )


@dataclass(frozen=True, kw_only=True)
class AuthSettings:
    """Who may do what, and how long a login holds."""

    users: tuple[str, ...] = setting(
        kinds.people("user:role:password entries, roles viewer, operator or admin", roles=True),
        "",
        "Who may log in, as `user:role:password`; `umbel password` makes a hash for it.",
        fallback="nobody",
        secret=True,
    )
    session: float = setting(
        kinds.duration(60, 365 * 86400.0, "a duration from 1min to 365d"),
        "7d",
        "How long a login in the browser holds.",
    )
    second_factor: str = setting(
        kinds.choice("optional", "required"),
        "optional",
        "Whether people with a password may turn on a second factor, or must before they can do "
        "anything else ([passwords](logins/passwords.md#second-factor)).",
    )
    providers: tuple[ProviderConfig, ...] = setting(
        login_kinds.providers(),
        "",
        "Identity providers that people log in with, a table `[auth.providers.NAME]` each "
        "([logins](logins/README.md)); in a variable a JSON object.",
        fallback="none",
        secret=True,
    )
    rules: tuple[Rule, ...] = setting(
        login_kinds.rules(),
        "",
        "Who of them gets which role, from top to bottom, a table `[[auth.rules]]` each; in a "
        "variable a JSON list.",
        fallback="nobody gets in",
    )


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The whole tree, validated. Durations are seconds, sizes bytes."""

    broker: str | None = setting(
        kinds.url("an address such as redis://localhost:6379/0 or amqp://guest@localhost//"),
        None,
        "The broker whose events are watched.",
        fallback="what the application of `app` says",
        short="-b",
    )
    broker_option: dict[str, object] | None = setting(
        kinds.options("names with values such as master_name=mymaster"),
        None,
        "Options of the broker's transport, as in Celery's `broker_transport_options`.",
        fallback="what the application of `app` says",
        secret=True,
    )
    app: str | None = setting(
        kinds.text("a module and an attribute such as proj.celery:app", name="name"),
        None,
        "The Celery application, which knows broker, result backend and their options.",
        short="-A",
    )
    result_backend: str | None = setting(
        kinds.url("an address such as redis://localhost:6379/1"),
        None,
        "Where results are kept. Databases keep times without their zone, so where the "
        "application has a `timezone` other than UTC, name it with `app` as well.",
        fallback="what the application of `app` says",
    )
    data: Path = setting(
        kinds.path("a directory"),
        None,
        "The directory of the history.",
        fallback="the user's data directory",
    )
    config: Path | None = setting(
        kinds.optional(kinds.path("a TOML file")),
        None,
        "The TOML file with settings; `none` reads none.",
        fallback="`./umbel.toml`, else `umbel.toml` in the user's configuration directory",
        in_file=False,
    )
    cluster: str | None = setting(
        kinds.text("the name of a table `[clusters.NAME]`", name="name"),
        None,
        "Which one this is about, where the file has several clusters.",
        fallback="all of them",
        in_file=False,
    )
    label: str | None = setting(
        kinds.text("a name for people", name="text"),
        None,
        "What people call this cluster: in the header, in titles, and where one logs in.",
        fallback="the host of its broker, or the name of its table",
    )
    colour: str | None = setting(
        kinds.choice("red", "amber", "green", "blue", "violet", "grey"),
        None,
        "The colour of its header and icon, to tell clusters apart: red for production, say.",
        fallback="none",
    )
    cluster_moved: bool = setting(
        kinds.switch(),
        "false",
        "The cluster of this history is at another address now; said once, at the next start.",
        in_file=False,
    )
    address: str = setting(
        kinds.text("an IP address or a host name", name="address"),
        "127.0.0.1",
        "The address to listen on.",
    )
    port: int = setting(
        kinds.number(0, 65535, "a whole number from 1 to 65535, or 0 for any free port"),
        "5555",
        "The port to listen on.",
    )
    unix_socket: Path | None = setting(
        kinds.path("a path for the socket"),
        None,
        "A Unix socket to listen on instead of address and port.",
    )
    url_prefix: str = setting(
        kinds.prefix(),
        "",
        "The path under which a reverse proxy shows Umbel.",
        fallback="none",
    )
    trusted_proxies: tuple[str, ...] = setting(
        kinds.networks("IP addresses or networks with commas between, such as 10.0.0.0/8"),
        "127.0.0.0/8,::1/128",
        "The reverse proxies whose `X-Forwarded-*` headers are believed.",
    )
    allowed_hosts: tuple[str, ...] = setting(
        kinds.names("host names with commas between, such as umbel.example.com,*.internal"),
        "",
        "More host names under which Umbel answers (`*`: any). On loopback it knows loopback's "
        "alone; on other addresses without a login addresses and names of this machine; with a "
        "login any.",
        fallback="none",
    )
    tls_cert: Path | None = setting(
        kinds.path("a PEM file with the certificate and those that lead to its authority"),
        None,
        "The certificate to serve HTTPS with.",
    )
    tls_key: Path | None = setting(
        kinds.path("a PEM file with the key"),
        None,
        "The private key of `tls_cert`.",
    )
    basic_auth: tuple[str, ...] = setting(
        kinds.people("user:password entries", roles=False),
        "",
        "Who may log in and do everything, as `user:password`; the password may be a hash.",
        fallback="nobody",
        secret=True,
    )
    read_only: bool = setting(
        kinds.switch(),
        "false",
        "Whether nobody may do anything but look.",
    )
    metrics_token: str | None = setting(
        kinds.text("any text that Prometheus shows as its bearer token", name="text"),
        None,
        "Whoever shows it (`Authorization: Bearer ...`) may read `/metrics`, and nothing else.",
        fallback="a login or a token of `umbel token`",
        secret=True,
    )
    metrics_public: bool = setting(
        kinds.switch(),
        "false",
        "Whether everybody who reaches the server may read `/metrics`, as with Flower.",
    )
    insecure: bool = setting(
        kinds.switch(),
        "false",
        "Listen on an address that others can reach, though there is no login.",
    )
    broker_api: str | None = setting(
        kinds.url("an address such as http://guest:guest@localhost:15672/api/", ("http", "https")),
        None,
        "The management API of RabbitMQ, which knows more of its queues.",
        fallback="not asked",
        secret=True,
    )
    enable_events: str = setting(
        kinds.choice("never", "ask", "always"),
        "ask",
        "Whether workers that do not tell of their tasks (run without -E) are told to: `always` at "
        "their first heartbeat, after `ask` when a person says so.",
    )
    inspect_timeout: float = setting(
        kinds.duration(0.1, 60.0, "a duration from 100ms to 1min"),
        "1s",
        "How long workers have to answer what they are asked.",
    )
    tasks_columns: tuple[str, ...] = setting(
        kinds.words("columns of the Tasks page such as uuid,state,args,eta", (*TASK_COLUMNS, ALL)),
        "",
        "The columns of the Tasks page, in this order, for everybody who has not chosen other ones "
        "there; `all` shows every one.",
        fallback="those that tell most",
    )
    collect: bool = setting(
        kinds.switch(),
        "true",
        "Whether `umbel serve` runs a collector; false when `umbel collect` runs elsewhere.",
    )
    log_level: str = setting(
        kinds.choice("debug", "info", "warning", "error"),
        "warning",
        "From which level on lines are logged to standard error.",
    )
    log_format: str = setting(
        kinds.choice("text", "json"),
        "text",
        "How a log line is written.",
    )
    auth: AuthSettings = field(default_factory=AuthSettings)
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    collector: CollectorSettings = field(default_factory=CollectorSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    redact: RedactSettings = field(default_factory=RedactSettings)
    samples: SamplesSettings = field(default_factory=SamplesSettings)
    metrics: MetricsSettings = field(default_factory=MetricsSettings)
    otel: OtelSettings = field(default_factory=OtelSettings)
    alerts: AlertsSettings = field(default_factory=AlertsSettings)
    healing: HealingSettings = field(default_factory=HealingSettings)

    @property
    def is_open(self) -> bool:
        """Whether nobody logs in, so that whoever reaches the server may do everything. Decided
        here and nowhere else: every kind of login that settings can name counts."""
        return not (self.basic_auth or self.auth.users or self.auth.providers)


#: Sections of the tree by the name of their field.
SECTIONS: dict[str, type[Any]] = {
    "auth": AuthSettings,
    "retention": RetentionSettings,
    "collector": CollectorSettings,
    "store": StoreSettings,
    "redact": RedactSettings,
    "samples": SamplesSettings,
    "metrics": MetricsSettings,
    "otel": OtelSettings,
    "alerts": AlertsSettings,
    "healing": HealingSettings,
}


def _entries() -> Iterator[Setting]:
    for top in fields(Settings):
        if top.name in SECTIONS:
            for inner in fields(SECTIONS[top.name]):
                yield Setting(path=(top.name, inner.name), **inner.metadata)
        else:
            yield Setting(path=(top.name,), **top.metadata)


#: Every setting, in the order in which people read them.
SETTINGS: tuple[Setting, ...] = tuple(_entries())


def value_of(settings: Settings, entry: Setting) -> Any:
    """The value of one entry."""
    found: Any = settings
    for part in entry.path:
        found = getattr(found, part)
    return found
