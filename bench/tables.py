"""What the loads gave, as tables and verdicts."""

from __future__ import annotations

from itertools import groupby, pairwise
from typing import Final

from bench.report import Table, Verdict, megabytes, quantile, spread, times
from bench.subject_flower import Flower
from bench.subject_umbel import Umbel
from bench.throughput import Outcome
from bench.trial import Trial

#: Bounds of the promises.
RATE: Final = 30_000.0
SECONDS: Final = 60.0
LAG_S: Final = 2.0
#: A collector tells its counts once a second, so the end of a run is seen so much later.
TOLD_EVERY_S: Final = 1.0
RESIDENT: Final = 150e6
CPU_SHARE: Final = 5.0


def cost_table(title: str, outcomes: list[Outcome]) -> Table:
    """CPU, memory and losses, side by side."""
    cpu = [[cpu_ms(one) for one in side] for side in _sides(outcomes)]
    peak = [[one.cost.peak.resident / 1e6 for one in side] for side in _sides(outcomes)]
    lost = [f"{sum(one.lost for one in side):,}" for side in _sides(outcomes)]
    rows = [
        (what, *(spread(side, unit, 0) for side in both), times(_middle(both[1]), _middle(both[0])))
        for what, both, unit in (("CPU per 1,000 events", cpu, "ms"), ("resident", peak, "MB"))
    ]
    note = (
        "CPU is user and system time of all processes of each, children included; the broker's is "
        "not in it. Flower keeps its tasks in memory, Umbel on disk."
    )
    head = ("", "Umbel", "Flower", "ratio")
    return Table(title, head, (*rows, ("events lost", *lost, "")), (note,))


def cost_verdict(outcomes: list[Outcome], where: str) -> Verdict:
    """The promise about CPU for each event that was recorded."""
    ours, theirs = (_middle([cpu_ms(one) for one in side]) for side in _sides(outcomes))
    return Verdict(
        f"CPU of an event against Flower's ({where})",
        f"at most 1/{CPU_SHARE:.0f}",
        f"1/{theirs / ours:.1f}",
        theirs >= CPU_SHARE * ours,
    )


def cost_verdicts(outcomes: list[Outcome], rate: str) -> tuple[Verdict, ...]:
    """The promise about CPU, on each broker where both were loaded."""
    found = []
    for broker, some in groupby(outcomes, lambda one: one.broker):
        both = list(some)
        if all(_sides(both)):
            found.append(cost_verdict(both, f"{rate} from {broker}"))
    return tuple(found)


def _sides(outcomes: list[Outcome]) -> tuple[list[Trial], list[Trial]]:
    """Umbel's trials and Flower's."""
    ours, theirs = (
        [one.trial for one in outcomes if one.subject == name] for name in (Umbel.name, Flower.name)
    )
    return ours, theirs


def _middle(values: list[float]) -> float:
    return quantile(values, 0.5)


def cpu_ms(one: Trial) -> float:
    return one.cost.cpu_s * 1e6 / max(1, one.recorded.events)


def flood_table(title: str, outcomes: list[Outcome]) -> Table:
    """One row for each subject and broker."""
    head = (
        *("", "sent", "recorded", "lost", "recorded a second", "CPU per 1,000 events"),
        *("resident, at most", "lag, p50 / p99 / most", "caught up after"),
    )
    rows = [_flood_row(one) for one in outcomes]
    for ours, theirs in pairwise(outcomes):
        if (ours.subject, theirs.subject) == (Umbel.name, Flower.name):
            rows.append(_ratio_row(ours, theirs))
    return Table(title, head, tuple(rows), _flood_notes(outcomes))


def _ratio_row(ours: Outcome, theirs: Outcome) -> tuple[str, ...]:
    """How many times better Umbel is than Flower on the same broker."""
    memory = [one.trial.cost.peak.resident for one in (ours, theirs)]
    return (
        f"ratio, {ours.broker}",
        *("", "", ""),
        times(ours.trial.rate, theirs.trial.rate),
        times(cpu_ms(theirs.trial), cpu_ms(ours.trial)),
        times(memory[1], memory[0]),
        *("", ""),
    )


def _flood_row(one: Outcome) -> tuple[str, ...]:
    run = one.trial
    return (
        f"{one.subject}, {one.broker}",
        f"{run.ledger['events']:,}",
        f"{run.recorded.events:,}",
        f"{run.lost:,} ({run.lost / run.ledger['events']:.1%})",
        f"{run.rate:,.0f}",
        f"{cpu_ms(run):.0f} ms",
        f"{megabytes(run.cost.peak.resident)} ({megabytes(run.cost.peak.proportional)} shared out)",
        _lags(run),
        f"{run.caught_up_s:.1f} s",
    )


def _lags(run: Trial) -> str:
    told = run.lags_s
    if not told:
        return "not told"
    values = (quantile(told, 0.5), quantile(told, 0.99), max(told))
    return " / ".join(f"{value:.2f}" for value in values) + " s"


def _flood_notes(outcomes: list[Outcome]) -> tuple[str, ...]:
    notes = []
    for one in outcomes:
        run = one.trial
        note = (
            f"{one.subject}, {one.broker}: the publisher sent {run.ledger['rate']:,.0f} events/s "
            f"in messages of {run.ledger['events'] / run.ledger['messages']:.2f}, never more than "
            f"{run.ledger['behind_s']:.2f} s behind its plan; {run.cost.idle:.0%} of the machine "
            "was idle."
        )
        if one.subject == Umbel.name:
            stands = run.recorded
            age = max(run.ages_s, default=0.0)
            note += (
                f" A reader saw no newest task older than {age:.2f} s."
                f" Tasks sent and stored: {run.ledger['tasks']:,} and {stands.tasks:,}; succeeded "
                f"{run.ledger['succeeded']:,} and {stands.succeeded:,}; failed "
                f"{run.ledger['failed']:,} and {stands.failed:,}. It says of itself: "
                + ", ".join(f"{count:,} {what}" for what, count in one.told.items())
                + "."
            )
        notes.append(note)
    return tuple(notes)


def sustained_verdicts(outcomes: list[Outcome], where: str = "") -> tuple[Verdict, ...]:
    """The promises of a sustained load, for each of Umbel's runs."""
    found = []
    for one in outcomes:
        if one.subject != Umbel.name:
            continue
        run = one.trial
        place = f"{one.broker}{where}"
        worst = max(run.lags_s, default=0.0)
        seconds = run.ledger["seconds"]
        full = run.ledger["rate"] >= 0.99 * RATE and seconds >= 0.99 * SECONDS
        held = full and run.lost == 0 and run.caught_up_s < LAG_S + TOLD_EVERY_S
        peak = run.cost.peak.resident
        found += [
            Verdict(
                f"events a second, sustained, nothing lost ({place})",
                f"{RATE:,.0f} for {SECONDS:.0f} s",
                f"{run.ledger['rate']:,.0f} for {seconds:.0f} s, {run.lost:,} lost, "
                f"all stored {run.caught_up_s:.1f} s after the last",
                held,
            ),
            Verdict(f"lag ({place})", f"under {LAG_S:.0f} s", f"{worst:.2f} s", worst < LAG_S),
            Verdict(
                f"resident memory, collector and web ({place})",
                f"under {megabytes(RESIDENT)}",
                megabytes(peak),
                peak < RESIDENT,
            ),
        ]
    return tuple(found)
