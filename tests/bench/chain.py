"""The chain of one unit, resolved from loaded records: whom a case would call, and why not the others."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from notifier.bootstrap import open_parts
from notifier.domain.chain import read_chain
from notifier.domain.policy import Kind
from notifier.engine.clock import ManualClock
from notifier.engine.importing import import_roster
from notifier.engine.parts import Parts, assemble
from notifier.store.rows import LineageQuery
from tests.bench.city import City, write_city
from tests.bench.figures import Figures, median, percentile
from tests.bench.measures import _config

EVENING = datetime(2026, 11, 23, 11, tzinfo=UTC)
ROUNDS = 10


async def resolve_chains(folder: Path) -> Figures:
    """Each village's chain for its evening shift, over and over: 58 rostered, three offices, the desk."""
    starts = tuple(EVENING + turn * timedelta(hours=12) for turn in range(2))
    source = write_city(folder / "chain", City(starts=starts))
    async with open_parts(_config(folder / "chain.db", "http://127.0.0.1:1")) as opened:
        parts = assemble(replace(opened.station, clock=ManualClock(EVENING - timedelta(hours=1))))
        await import_roster(parts, source)
        return await _measured(parts)


async def _measured(parts: Parts) -> Figures:
    station = parts.station
    async with station.db.read() as tx:
        policy = (await station.rules.current(tx)).policy(Kind.UNSTAFFED)
        shifts = await tx.shifts.between(EVENING, EVENING + timedelta(minutes=1), limit=1000)
        posts = {
            post.code: post for unit in await tx.roster.units() for post in await tx.roster.posts_of(unit)
        }
        queries = [LineageQuery(unit=posts[s.post].unit, also=s.people, shift=s.key) for s in shifts]
        loaded = await tx.roster.lineages(
            queries, channels=station.reach.channels, accounts=station.reach.telegram, now=EVENING
        )
    took_ms: list[float] = []
    used_ms: list[float] = []
    reached = 0
    for _ in range(ROUNDS):
        for lineage, shift in zip(loaded, shifts, strict=True):
            assert lineage is not None
            started, used = time.perf_counter(), time.thread_time()
            chain = read_chain(policy.steps, lineage, shift.people, now=EVENING, zone=station.zone)
            used_ms.append((time.thread_time() - used) * 1000)
            took_ms.append((time.perf_counter() - started) * 1000)
            reached += any(place.reason is None for place in chain.places)
    return {
        "chain_median_ms": median(took_ms),
        "chain_p99_ms": percentile(took_ms, 0.99),
        "chain_cpu_p99_ms": percentile(used_ms, 0.99),
        "chain_cpu_max_ms": max(used_ms),
        "chain_units_reached": reached / ROUNDS,
    }
