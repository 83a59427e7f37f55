"""The collector process: events from the broker into the store, until told to stop.

It may be run alone or as a child of the web process, and any number of them for one store: where
one alone can write, the others stand by until it has ended.
A child's standard input is a socket to its parent (see `supervise`): when it closes, the
parent is gone, however it ended, and the collector leaves too, so that no orphan keeps the
store's lock. What keeps it from storing and why it ends go to the parent by the same way.

Leaving means: read no more, commit what was read, settle it, leave the broker, release the
store. A second signal does not hurry that; only `kill -9` does, and it loses nothing that
was settled.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Final

import msgspec

from umbel.broker.base import EventSource
from umbel.clock import Clock, SystemClock
from umbel.errors import StoreBusy, UmbelError
from umbel.open_files import raise_limit
from umbel.process_memory import collect_cycles_rarely, give_memory_back
from umbel.process_secrets import hidden
from umbel.redact.rules import Redactor, RedactRules
from umbel.services.healing.lease import HealingLease
from umbel.services.healing.reconciler import Reconciler
from umbel.services.ingest.ingest import Ingest, Limits
from umbel.services.ingest.metric_counter import RUNTIME_BOUNDS
from umbel.services.ingest.standby import Heard, StandbyListener
from umbel.services.telemetry.options import OtlpOptions
from umbel.store.base import Retention, Store
from umbel.store.ledger import Ledger

log = logging.getLogger(__name__)

#: Exit codes: all is well; a sentence says why not.
OK: Final = 0
FAILED: Final = 1
#: How often it is tried whether another collector has let go of the store, seconds.
LOCK_POLL_S: Final = 0.2
#: After so many attempts it is not one that is just leaving, and this one has listened for long
#: enough to miss nothing when it takes over.
STANDBY_ATTEMPTS: Final = 15
#: The thread that reads the broker gets its turn within this, seconds: where it comes late under a
#: flood, Redis ends the connection of a reader that is too slow.
TURN_S: Final = 0.001
#: Buffers of reads are smaller and used again.
_LARGE_BYTES: Final = 4 * 1024 * 1024
_PARENT_FD: Final = 0
_LINE_MAX: Final = 4000


#: Makes what asks for events that are missing, for this store; the last argument says whether this
#: collector is the one to ask.
OpenReconciler = Callable[[Store, Clock, Callable[[], bool]], Reconciler]


class CollectorOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How a collector runs. `name` tells it apart from others in the status, host and pid if there
    is none; `broker_url` is shown, with its secrets masked; `metrics_without`: labels that
    are not counted apart; `spans` is where attempts are sent that have ended; `supervised`:
    standard input is a socket to the parent."""

    name: str | None = None
    broker_url: str = ""
    retention: Retention | None = None
    limits: Limits = Limits()
    runtime_bounds: tuple[float, ...] = RUNTIME_BOUNDS
    metrics_without: tuple[str, ...] = ()
    spans: OtlpOptions | None = None
    redact: RedactRules = RedactRules()
    supervised: bool = False


def _print(sentence: str) -> None:
    print(f"umbel: {sentence}", file=sys.stderr)  # noqa: T201


def run_collector(
    open_source: Callable[[str], EventSource],
    open_store: Callable[[], Store],
    options: CollectorOptions,
    clock: Clock | None = None,
    *,
    open_ledger: Callable[[], Ledger] | None = None,
    open_reconciler: OpenReconciler | None = None,
    say: Callable[[str], object] = _print,
) -> int:
    """Collect until SIGTERM, SIGINT, SIGHUP or the parent's end; the process's exit code.
    `open_source` gets the id of the store, or an empty one to listen only, while another writes;
    `say` gets the sentence that says why it ended by itself, if there is no parent to hear it. The
    ledger is opened for a store that takes several writers. `open_reconciler` gives what asks
    for events that are missing, where that is wanted. Call it from the main thread: it takes
    the signals. While another collector holds the store's lock, this one stands by, and begins
    within `LOCK_POLL_S` of the other's end.
    """
    give_memory_back(_LARGE_BYTES)
    raise_limit()
    collect_cycles_rarely()
    sys.setswitchinterval(TURN_S)
    stop = _Stop() if options.supervised else threading.Event()
    _take_signals(stop)
    if options.supervised:
        _follow_parent(stop)
    try:
        with contextlib.ExitStack() as opened:
            clock = clock or SystemClock()
            buffer_bytes = options.limits.buffer_bytes
            listener = StandbyListener(lambda: open_source(""), buffer_bytes, clock)
            opened.callback(listener.close)
            store = _store_once_free(open_store, listener, options, stop)
            if store is None:
                return OK
            opened.callback(store.close)
            ledger = None
            if open_ledger is not None and not store.has_one_writer:
                ledger = open_ledger()
                opened.callback(ledger.close)
            heard = listener.end()
            source = open_source(store.id) if heard is None else heard.source
            reconciler = None
            if open_reconciler is not None:
                lease = None if ledger is None else HealingLease(ledger, clock)
                if lease is not None:
                    opened.callback(lease.release)
                may_heal = (lambda: True) if lease is None else lease.take
                reconciler = open_reconciler(store, clock, may_heal)
                opened.callback(reconciler.close)
            _collect(source, heard, store, ledger, reconciler, options, clock, stop)
    except UmbelError as error:
        (_tell_parent if options.supervised else say)(str(error))
        return FAILED
    except Exception as error:
        sentence = f"The collector failed: {type(error).__name__}: {hidden(str(error))}"
        log.exception("%s", sentence)
        if options.supervised:
            _tell_parent(sentence)
        return FAILED
    return OK


def as_child(collect: Callable[[], int]) -> int:
    """What `collect` returns; when it cannot even begin, the parent hears why."""
    try:
        return collect()
    except UmbelError as error:
        _tell_parent(str(error))
        return FAILED


def _collect(
    source: EventSource,
    heard: Heard | None,
    store: Store,
    ledger: Ledger | None,
    reconciler: Reconciler | None,
    options: CollectorOptions,
    clock: Clock,
    stop: threading.Event,
) -> None:
    spans = None
    if options.spans is not None:
        from umbel.services.telemetry.span_exporter import opened_exporter

        spans = opened_exporter(store, options.spans)
    ingest = Ingest(
        source,
        store,
        name=options.name,
        ledger=ledger,
        heard=heard,
        broker_url=options.broker_url,
        retention=options.retention,
        limits=options.limits,
        runtime_bounds=options.runtime_bounds,
        metrics_without=options.metrics_without,
        redactor=Redactor(options.redact),
        reconciler=reconciler,
        clock=clock,
        tell_trouble=_tell_parent if options.supervised else None,
        spans=spans,
    )
    try:
        ingest.run(stop)
    finally:
        if spans is not None:
            spans.close()


def _store_once_free(
    open_store: Callable[[], Store],
    listener: StandbyListener,
    options: CollectorOptions,
    stop: threading.Event,
) -> Store | None:
    """The store, once nobody else writes to it; None if told to stop first."""
    attempts = 0
    while not stop.is_set():
        try:
            store = open_store()
        except StoreBusy as error:
            attempts += 1
            listener.start()
            # One that is just leaving is not worth a word.
            if attempts == STANDBY_ATTEMPTS:
                sentence = f"{error} Standing by: collecting begins here once that has ended."
                log.warning("%s", sentence)
                if options.supervised:
                    _tell_parent(sentence)
            stop.wait(LOCK_POLL_S)
            continue
        if attempts >= STANDBY_ATTEMPTS:
            log.warning("The other collector has ended: collecting here now.")
        return store
    return None


def _take_signals(stop: threading.Event) -> None:
    def leave(number: int, _frame: FrameType | None) -> None:
        log.info("%s: leaving.", signal.Signals(number).name)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        # nohup has it that nobody leaves with the terminal.
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, leave)


class _Stop(threading.Event):
    """Set when the collector is told to leave, and once the parent process that this one was
    started by is gone. The socket tells that sooner, but libraries that replace threads and
    sockets (eventlet) may not pass it on."""

    def __init__(self) -> None:
        super().__init__()
        self._parent = os.getppid()

    def is_set(self) -> bool:
        return super().is_set() or os.getppid() != self._parent


def _follow_parent(stop: threading.Event) -> None:
    """Set `stop` when the other end of standard input is gone."""

    def watch() -> None:
        # Not `poll`, which eventlet takes away; a number as low as this one is no matter here.
        while select.select((_PARENT_FD,), (), ()):
            try:
                if os.read(_PARENT_FD, 1024):
                    continue
            except OSError as error:
                log.debug("The socket to the parent failed: %s", error)
            break
        log.info("The parent process is gone: leaving.")
        stop.set()

    threading.Thread(target=watch, name="umbel-parent", daemon=True).start()


def _tell_parent(sentence: str | None) -> None:
    """What keeps this process from its work; None once nothing does."""
    line = " ".join((sentence or "").split()).encode()[:_LINE_MAX] + b"\n"
    try:
        os.write(_PARENT_FD, line)
    except OSError as error:
        log.debug("The parent did not hear %r: %s", sentence, error)
