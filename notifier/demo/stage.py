"""The program at work in the town, and a second pair of eyes on what it has written down."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import TypeVar

from notifier.bootstrap import ROLES, serve
from notifier.config import Config
from notifier.demo.people import PATIENCE_S, Human, StoryBroke
from notifier.demo.town import Town
from notifier.engine.clock import FastClock
from notifier.engine.parts import Parts, assemble

LOOK_AGAIN_S = 0.05
"""How often the store is looked into while something is awaited that shows on no phone."""

SETTLES_IN = 60
"""Looks after which something that is still not so will not be."""

Subject = TypeVar("Subject")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What the story plays on. ``parts`` are a command's, beside the running ``service``."""

    town: Town
    parts: Parts
    service: asyncio.Task[None]

    def human(self, person: str) -> Human:
        """Somebody of the town, by id."""
        return self.town.people[person]

    async def settled(self, check: Callable[["Stage", Subject], Awaitable[bool]], subject: Subject) -> bool:
        """Whether a check holds, or comes to hold in a few seconds: outcomes are written down in batches."""
        for _ in range(SETTLES_IN):
            with suppress(LookupError, ValueError):
                # What is not there, or is there twice, does not hold either.
                if await check(self, subject):
                    return True
            await asyncio.sleep(LOOK_AGAIN_S)
        return False

    async def pass_minutes(self, minutes: float) -> None:
        """Let the civil time pass in which a person is busy: walking there, asking around, waking up."""
        await asyncio.sleep(minutes * 60 / self.parts.station.clock.speed)


@asynccontextmanager
async def running(town: Town, config: Config) -> AsyncIterator[Stage]:
    """The program with every role, as ``notifier run`` starts it, while the block runs."""
    stopping = asyncio.Event()
    service = asyncio.create_task(serve(config, ROLES, stopping), name="service")
    try:
        town.civil.clock = await _clock_of(config, town.parts, service)
        # Beside the running program, on its clock; texts and database are those opened already.
        parts = assemble(replace(town.parts.station, clock=town.civil.clock))
        yield Stage(town=town, parts=parts, service=service)
    finally:
        stopping.set()
        await service


async def _clock_of(config: Config, parts: Parts, service: asyncio.Task[None]) -> FastClock:
    """The program's civil clock, as soon as it has set it going. Raises what ends the program before."""
    async with asyncio.timeout(PATIENCE_S):
        while not service.done():
            async with parts.station.db.read() as tx:
                anchor = await tx.clock.anchor()
            if anchor is not None and anchor.speed == config.clock_speed:
                return FastClock(anchor.civil_start, anchor.speed, anchor.real_start)
            await asyncio.sleep(LOOK_AGAIN_S)
    service.result()
    raise StoryBroke("the program ended as it began")
