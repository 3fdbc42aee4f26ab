"""Looking at a whole city ahead, and telling everybody in charge: coverage and the evening's digest."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from notifier.bootstrap import open_parts
from notifier.domain.gaps import LOOK_BACK
from notifier.domain.policy import Kind
from notifier.engine.clock import ManualClock
from notifier.engine.digests import Run
from notifier.engine.importing import import_roster
from notifier.engine.outlook import Wanted, survey
from notifier.engine.parts import Parts, assemble
from notifier.engine.tenure import Tenure
from tests.bench.city import City, write_city
from tests.bench.figures import Figures
from tests.bench.measures import _config

HALF_A_DAY = timedelta(hours=12)
DAILY = 'coverage: {at: "16:00"}\nevening_digest: {at: "19:00"}\n'
EVENING = datetime(2026, 11, 23, 11, tzinfo=UTC)
"""Seven o'clock there."""


async def look_ahead(folder: Path) -> Figures:
    """514 villages that keep a post round the clock, 60,000 people, a fortnight of shifts behind them."""
    begin = EVENING - LOOK_BACK - timedelta(hours=11)
    # Tomorrow night nobody is rostered anywhere: every village has a gap, and its free people are sought.
    turns = int((EVENING + timedelta(days=1) - begin) / HALF_A_DAY)
    starts = tuple(begin + turn * HALF_A_DAY for turn in range(turns))
    source = write_city(folder / "ahead", City(starts=starts))
    with (source / "policies.yaml").open("a", encoding="utf-8") as file:
        file.write(DAILY)
    clock = ManualClock(begin - timedelta(hours=1))
    async with open_parts(_config(folder / "ahead.db", "http://127.0.0.1:1")) as opened:
        parts = assemble(replace(opened.station, clock=clock))
        await import_roster(parts, source)
        clock.set(EVENING)
        return await _coverage(parts) | await _digest(parts)


async def _coverage(parts: Parts) -> Figures:
    started, used = time.monotonic(), time.process_time()
    reports = await survey(parts.station, Wanted(ahead=timedelta(hours=48)), EVENING)
    return {
        "coverage_city_s": time.monotonic() - started,
        "coverage_city_cpu_s": time.process_time() - used,
        "coverage_city_units": float(len(reports)),
        "coverage_city_matters": float(sum(len(report.weaknesses) for report in reports)),
    }


async def _digest(parts: Parts) -> Figures:
    """Everybody's message written, in sets; the longest of these is what a call may have to wait behind."""
    async with parts.station.db.write() as tx:
        await parts.digests.due(tx, Run(kind=Kind.EVENING_DIGEST, due=EVENING).subject, EVENING)
    tenure = Tenure("watch", fence=1, trusted_until=float("inf"))
    started = time.monotonic()
    sets = [started]
    while await parts.digests.turn(tenure):
        sets.append(time.monotonic())
    async with parts.station.db.read() as tx:
        messages = sum((await tx.messages.counts()).values())
    # The first turn also reads the city, with nothing held.
    lengths = [end - begin for begin, end in pairwise(sets[1:])]
    return {
        "digest_city_s": sets[-1] - started,
        "digest_city_messages": float(messages),
        "digest_longest_set_s": max(lengths),
    }
