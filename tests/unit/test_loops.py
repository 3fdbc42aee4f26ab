"""Loops that report their turns: who is stuck, who waits for the database, and what each of them is not."""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy.exc import OperationalError

from notifier.engine.loops import STUCK_AFTER_S, VISIT_COUNTS_S, Pulse, Pulses, keep_turning, steady
from notifier.store.outage import Outage


def full() -> OperationalError:
    """What SQLite says when the disk is full."""
    cause = sqlite3.OperationalError("database or disk is full")
    cause.sqlite_errorcode = sqlite3.SQLITE_FULL
    return OperationalError("INSERT", {}, cause)


def ages(pulse: Pulse) -> None:
    """More than a minute has passed since its last turn."""
    pulse.last = time.monotonic() - STUCK_AFTER_S - 1


class Loop:
    """A loop that does what it is told at each turn, and says when it has turned."""

    def __init__(self, pulse: Pulse, *turns: Callable[[], Awaitable[bool]]) -> None:
        self.turned = asyncio.Event()
        self._turns = list(turns)
        self._stopping = asyncio.Event()
        self._task = asyncio.create_task(keep_turning(pulse, self._turn, self._rest, self._stopping))

    async def _turn(self) -> bool:
        return await self._turns.pop(0)()

    async def _rest(self) -> None:
        self.turned.set()
        await asyncio.Event().wait()

    async def stops(self) -> None:
        self._stopping.set()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


async def finds_it_full() -> bool:
    raise full()


async def stumbles() -> bool:
    raise KeyError("a slip of ours")


async def hangs() -> bool:
    return await asyncio.Event().wait()


async def test_a_loop_that_hangs_inside_a_turn_is_named() -> None:
    pulses = Pulses()
    ages(pulses.of("watch"))
    loop = Loop(pulses.of("watch"), hangs)
    await asyncio.sleep(0)
    assert pulses.stuck() == ["watch"]
    await loop.stops()


async def test_a_loop_that_finds_the_database_full_turns_and_says_so() -> None:
    counted: list[Outage] = []
    pulses = Pulses(counted.append)
    ages(pulses.of("reader"))
    found: list[object] = []

    async def looks() -> bool:
        found.append((pulses.stuck(), pulses.waiting(), pulses.outage()))
        return False

    loop = Loop(pulses.of("reader"), finds_it_full, finds_it_full, looks)
    await loop.turned.wait()
    assert found == [([], {"reader": "full"}, Outage.FULL)]
    assert (pulses.waiting(), pulses.outage()) == ({}, None)
    assert counted == [Outage.FULL], "one outage, however often it was met"
    await loop.stops()


async def test_a_loop_that_only_stumbles_is_named() -> None:
    pulses = Pulses()
    ages(pulses.of("planner"))
    found: list[object] = []

    async def looks() -> bool:
        found.append((pulses.stuck(), pulses.outage()))
        return False

    loop = Loop(pulses.of("planner"), stumbles, stumbles, looks)
    await loop.turned.wait()
    assert found == [(["planner"], None)]
    assert pulses.stuck() == []
    await loop.stops()


async def test_an_outage_that_several_meet_is_counted_once_and_another_kind_again() -> None:
    counted: list[Outage] = []
    pulses = Pulses(counted.append)
    for name, outage in (("a", Outage.AWAY), ("b", Outage.AWAY), ("a", Outage.LOCKED), ("b", Outage.LOCKED)):
        pulses.of(name).wait_out(outage)
    assert counted == [Outage.AWAY, Outage.LOCKED]
    pulses.of("a").beat()
    pulses.of("b").beat()
    pulses.of("b").wait_out(Outage.LOCKED)
    assert counted == [Outage.AWAY, Outage.LOCKED, Outage.LOCKED]


async def test_the_worst_of_several_outages_names_the_state() -> None:
    pulses = Pulses()
    pulses.of("a").wait_out(Outage.LOCKED)
    pulses.of("b").wait_out(Outage.FULL)
    assert pulses.outage() is Outage.FULL


async def test_what_a_visitor_found_counts_for_a_while_and_never_makes_him_stuck() -> None:
    pulses = Pulses()
    hooks = pulses.of_visitors("hooks")
    hooks.wait_out(Outage.LOCKED)
    assert pulses.outage() is Outage.LOCKED
    hooks.last -= VISIT_COUNTS_S
    assert (pulses.outage(), pulses.stuck(), pulses.ages()) == (None, [], {})


@pytest.mark.parametrize(
    ("raised", "waiting"),
    [
        (None, {}),
        (full(), {"ticker-leases": "full"}),
        (ConnectionRefusedError(), {"ticker-leases": "away"}),
    ],
)
async def test_a_ticking_job_beats_when_it_is_done_or_waits_for_the_database(
    raised: Exception | None, waiting: dict[str, str]
) -> None:
    pulses = Pulses()
    pulse = pulses.of("ticker-leases")
    ages(pulse)

    async def job() -> None:
        if raised is not None:
            raise raised

    await steady(pulse, job)()
    assert (pulses.stuck(), pulses.waiting()) == ([], waiting)


async def test_a_ticking_job_that_hangs_or_fails_is_named() -> None:
    pulses = Pulses()
    pulse = pulses.of("ticker-leases")
    ages(pulse)

    async def fails() -> None:
        raise OperationalError("SELECT", {}, sqlite3.OperationalError("no such table"))

    async def never_ends() -> None:
        await asyncio.Event().wait()

    await steady(pulse, fails)()
    hanging = asyncio.ensure_future(steady(pulse, never_ends)())
    await asyncio.sleep(0)
    assert pulses.stuck() == ["ticker-leases"]
    hanging.cancel()
    await hanging
    assert pulses.stuck() == ["ticker-leases"], "cut short is not done"
