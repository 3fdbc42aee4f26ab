"""Everything that locks rows, at once, over the same few cases: what two processes do to each other."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.exc import DBAPIError

from notifier.config import shipped
from notifier.domain.case import Acknowledged, ClockRanOut, Declined, Event
from notifier.domain.ids import CaseId, PersonId
from notifier.domain.message import Accepted, Lane, MessageState, Receipt
from notifier.domain.policy import Kind
from notifier.domain.roster import ChannelName
from notifier.engine.clock import ManualClock
from notifier.engine.importing import import_roster
from notifier.engine.intake.receipts import Receipts
from notifier.engine.metrics import Metrics
from notifier.engine.parts import Parts, assemble
from notifier.engine.sending.outcomes import Attempt
from notifier.engine.sending.settling import Settling
from notifier.engine.station import Reach, Rules, Station, Wake
from notifier.errors import CarrierError, Conflict, Verdict
from notifier.store.database import Database, is_outage
from notifier.store.rows import MessageFilter
from notifier.texts.catalogue import Catalogue
from tests.bench.city import City, write_city

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
VILLAGES = 12
BOT, NUMBER = "7001", "+15550100001"
TRIES = 20

_FATES = (
    None,
    CarrierError(Verdict.REFUSED, "400"),
    CarrierError(Verdict.NOT_SENT, "502"),
    CarrierError(Verdict.UNKNOWN, "504"),
    CarrierError(Verdict.STOP_CONTACT, "403"),
)


@cache
def _texts() -> Catalogue:
    return Catalogue.load(shipped("templates"), zone=ZONE, default_locale="zh")


@dataclass
class Crossing:
    """One process's part of the crowd. ``lost_races``: why something had to be tried again."""

    parts: Parts
    clock: ManualClock
    chance: random.Random
    cases: list[CaseId] = field(default_factory=list)
    lost_races: list[str | None] = field(default_factory=list)

    @property
    def db(self) -> Database:
        """Its own connections."""
        return self.parts.station.db

    @property
    def deeds(self) -> list[Callable[[], Awaitable[None]]]:
        """Everything that goes on at once."""
        return [self.watches, self.reads, self.sends, self.settles_receipts, self.sweeps, self.cancels]

    async def does(self, deed: Callable[[], Awaitable[None]], rounds: int) -> None:
        """Again and again; what is lost to a race is tried again, as the loops do."""
        for _ in range(rounds):
            for _ in range(TRIES):
                try:
                    await deed()
                    break
                except Conflict:
                    self.lost_races.append("conflict")
                except DBAPIError as error:
                    if not is_outage(error):
                        raise
                    self.lost_races.append(getattr(error.orig, "sqlstate", None))
            else:
                raise AssertionError(f"{deed.__name__} never passed")

    def some_cases(self) -> list[CaseId]:
        """Several, in any order: as timers and answers come."""
        return self.chance.sample(self.cases, 4)

    async def watches(self) -> None:
        """A set of clocks that ran out."""
        async with self.db.write() as tx:
            for case in self.some_cases():
                await self.parts.cases.happen(tx, case, ClockRanOut(), self.clock.now())

    async def reads(self) -> None:
        """A set of answers."""
        async with self.db.write() as tx:
            for case in self.some_cases():
                called = (await tx.cases.get(case)).called
                who = self.chance.choice(list(called))
                await self.parts.cases.happen(tx, case, self._answer(who), self.clock.now())

    def _answer(self, who: PersonId) -> Event:
        if self.chance.random() < 0.5:
            return Acknowledged(person=who, words="收到", channel="telegram")
        return Declined(person=who, words="不便", channel="telegram")

    async def sends(self) -> None:
        """Claims, and settles what became of it."""
        settling = Settling(self.parts.station, self.parts.aftermath, self.parts.contacts_lost, Metrics())
        fence = self.chance.randrange(1, 1000)
        async with self.db.write() as tx:
            account = self.chance.choice((BOT, NUMBER))
            claimed = await tx.messages.claim(account, tuple(Lane), 10, self.clock.now(), fence)
        for message in claimed:
            error = self.chance.choice(_FATES)
            taken = None if error else Accepted(provider_id=f"SM{message.id}")
            settling._waiting.append((Attempt(message=message, accepted=taken, error=error), fence))
        for _ in range(TRIES):
            try:
                await settling.flush()
                return
            except DBAPIError as error:
                if not is_outage(error):
                    raise
                self.lost_races.append(getattr(error.orig, "sqlstate", None))

    async def settles_receipts(self) -> None:
        """A set of receipts, in any order."""
        receipts = Receipts(self.parts)
        async with self.db.read() as tx:
            known = await tx.messages.listing(MessageFilter(limit=200))
        own = [message for message in known if message.channel is ChannelName.SMS]
        async with self.db.write() as tx:
            for message in self.chance.sample(own, min(5, len(own))):
                state = self.chance.choice((MessageState.DELIVERED, MessageState.FAILED))
                receipt = Receipt(
                    channel=ChannelName.SMS,
                    provider_id=f"SM{message.id}",
                    message=message.id,
                    state=state,
                    code="30005" if state is MessageState.FAILED else None,
                )
                await receipts.record(tx, receipt, self.clock.now())

    async def sweeps(self) -> None:
        """Fallbacks that are due, and what is not worth sending any more."""
        await self.parts.aftermath.sweep(self.clock.now() + timedelta(minutes=self.chance.choice((3, 40))))

    async def cancels(self) -> None:
        """Cases' calls, cancelled by hand."""
        async with self.db.write() as tx:
            for case in self.some_cases():
                await tx.messages.cancel_queued(self.clock.now(), case=case)


async def open_crossing(database: Database, clock: ManualClock, seed: int) -> Crossing:
    """One process's parts on this database."""
    station = Station(
        db=database,
        clock=clock,
        texts=_texts(),
        reach=Reach(telegram=(BOT,), sms=(NUMBER,)),
        rules=Rules(ZONE),
        wake=Wake(),
        zone=ZONE,
        locale="zh",
        site="值守",
    )
    return Crossing(assemble(station), clock, random.Random(seed))


async def open_cases(crossing: Crossing, folder: Path) -> list[CaseId]:
    """Everybody's post is found empty at once."""
    city = City(villages=VILLAGES, people=VILLAGES * 5, starts=(NOW - timedelta(hours=1),))
    await import_roster(crossing.parts, write_city(folder, city))
    opened = []
    async with crossing.db.write() as tx:
        for village in range(VILLAGES):
            key = f"P{village:03} {(NOW - timedelta(hours=1)):%Y-%m-%dT%H:%M:%SZ}"
            case = await crossing.parts.cases.open(tx, Kind.UNSTAFFED, key, "nobody came", NOW)
            assert case is not None, key
            opened.append(case.id)
    return opened
