"""What goes out daily by itself: coverage, the morning's and the evening's digest; one message a person.

A timer says when. Its handler only writes down that a run is due, for reading a whole city takes seconds
and nobody may wait behind it; a loop of its own reads, in short transactions, and writes the messages in
short sets. How far it came stands in the database, in the same transaction as each set, so that a restart
goes on where it stopped and nobody is told twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog

from notifier.domain.digest import Bulletin, coverage_bulletins, digest_bulletins
from notifier.domain.ids import PersonId
from notifier.domain.message import Lane
from notifier.domain.policy import DAILY_KINDS, Kind, Policy, Settings
from notifier.domain.times import iso_utc, parse_iso_utc
from notifier.engine.apart import apart
from notifier.engine.bulletins import Wording
from notifier.engine.letters import Letter, Letters
from notifier.engine.outlook import Wanted, survey
from notifier.engine.station import Station
from notifier.engine.tenure import Tenure
from notifier.store.rows import JournalLine, Timer
from notifier.store.tx import Tx
from notifier.texts.errors import TextError

log = structlog.get_logger(__name__)

DAILY = "daily"
"""The timer of a daily kind; its subject is the kind and when it is due."""

READERS_AT_ONCE = 25
"""People written to in one transaction: few enough that a call behind them is not late."""

PAUSE_S = 5.0

_RUN = "daily_run:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One daily kind at one time; ``after`` is the last person written to, in order of id."""

    kind: Kind
    due: datetime
    after: PersonId | None = None

    @property
    def subject(self) -> str:
        """How a timer names it, and the journal."""
        return f"{self.kind} {iso_utc(self.due)}"


def daily_timers(settings: Settings, now: datetime) -> Iterable[Timer]:
    """The timers of today and tomorrow; what is past already is not made up for."""
    today = now.astimezone(settings.quiet.zone).date()
    for kind in DAILY_KINDS:
        for day in (today, today + timedelta(days=1)):
            due = _due_on(day, settings.policy(kind).at, settings.quiet.zone)
            if due is not None and due >= now:
                subject = Run(kind=kind, due=due).subject
                yield Timer(key=f"{DAILY}:{subject}", lane=Lane.DUTY, due_at=due, kind=DAILY, subject=subject)


class Digests:
    """Writes what is due, one set of readers a turn."""

    def __init__(self, station: Station, letters: Letters) -> None:
        """Work with the station's letters."""
        self._station = station
        self._letters = letters
        self._run: Run | None = None
        self._left: list[Bulletin] = []

    # ── when ─────────────────────────────────────────────────────────────────────────────────────

    async def due(self, tx: Tx, subject: str, now: datetime) -> None:
        """A run's time has come: write it down, unless the policies say otherwise by now."""
        kind, _, moment = subject.partition(" ")
        run = Run(kind=Kind(kind), due=parse_iso_utc(moment))
        if _is_wanted(run, await self._station.rules.current(tx), now):
            await tx.settings.set_document(_RUN + run.kind, iso_utc(run.due), now)
            self._station.wake.ring("digests")

    # ── the loop ─────────────────────────────────────────────────────────────────────────────────

    async def turn(self, tenure: Tenure) -> bool:
        """Write the next set, if anything is due and it is this process that watches. True: maybe more."""
        if not tenure.held:
            self._run = None
            return False
        if self._run is None:
            self._run = await self._find()
            if self._run is None:
                return False
            self._left = await self._read(self._run)
        await self._write_set(self._run)
        return True

    async def pause(self) -> None:
        """Wait until something may be due."""
        await self._station.wake.wait("digests", PAUSE_S)

    async def _find(self) -> Run | None:
        async with self._station.db.read() as tx:
            for kind in DAILY_KINDS:
                if run := await _standing(tx, kind):
                    return run
        return None

    async def _read(self, run: Run) -> list[Bulletin]:
        """Who is told what in this run, without those who have been written to."""
        station, now = self._station, self._station.now()
        async with station.db.read() as tx:
            settings = await station.rules.current(tx)
        if not _is_wanted(run, settings, now):
            return []
        reports = await survey(station, _wanted(run.kind, settings), now)
        bulletins = (coverage_bulletins if run.kind is Kind.COVERAGE else digest_bulletins)(reports)
        if not bulletins and any(report.weaknesses for report in reports):
            log.warning("nobody_to_tell", kind=run.kind)
        return [bulletin for bulletin in bulletins if run.after is None or bulletin.person > run.after]

    async def _write_set(self, run: Run) -> None:
        station, now = self._station, self._station.now()
        some, rest = self._left[:READERS_AT_ONCE], self._left[READERS_AT_ONCE:]
        reached = replace(run, after=some[-1].person) if some else run
        # Read anew after a failure: whatever made it may be gone.
        self._run = None
        async with station.db.write() as tx:
            if await _standing(tx, run.kind) != run:
                # Another process, or a new hour in the policies, has changed what is due.
                return
            await self._post(tx, run, some, now)
            still = f"{iso_utc(reached.due)} {reached.after}" if rest else ""
            await tx.settings.set_document(_RUN + run.kind, still, now)
            if not rest:
                await tx.journal.write([JournalLine(at=now, event="daily_sent", subject=run.subject)])
        station.wake.ring("send", "watch")
        if rest:
            self._run, self._left = reached, rest

    async def _post(self, tx: Tx, run: Run, some: Sequence[Bulletin], now: datetime) -> None:
        """Queue a set together; where that fails, each by himself, so that one text costs one message."""
        settings = await self._station.rules.current(tx)
        people = await tx.roster.people([bulletin.person for bulletin in some])
        locales = {person.id: person.locale for person in people.values()}
        try:
            letters = [self._letter(run, bulletin, settings, locales, now) for bulletin in some]
            async with tx.conn.begin_nested():
                await self._letters.post(tx, letters, now)
        except TextError:
            for number, bulletin in enumerate(some):
                async with apart(tx, run.kind, number):
                    letter = self._letter(run, bulletin, settings, locales, now)
                    await self._letters.post(tx, [letter], now)

    def _letter(
        self,
        run: Run,
        bulletin: Bulletin,
        settings: Settings,
        locales: Mapping[PersonId, str],
        now: datetime,
    ) -> Letter:
        locale = locales.get(bulletin.person, self._station.locale)
        template, values = _worded(Wording(self._station, locale, now), bulletin, run.kind, settings)
        day = run.due.astimezone(self._station.zone).date()
        return Letter(
            key=f"{run.kind}:{day.isoformat()}:{bulletin.person}",
            person=bulletin.person,
            template=template,
            values=values,
            lane=Lane.DUTY if run.kind is Kind.COVERAGE else Lane.BULK,
            kind=run.kind,
        )


async def _standing(tx: Tx, kind: Kind) -> Run | None:
    """The run of that kind that is not done, and how far it has come."""
    text = await tx.settings.document(_RUN + kind)
    if not text:
        return None
    due, _, after = text.partition(" ")
    return Run(kind=kind, due=parse_iso_utc(due), after=PersonId(after) if after else None)


def _worded(
    wording: Wording, bulletin: Bulletin, kind: Kind, settings: Settings
) -> tuple[str, dict[str, object]]:
    coverage = settings.policy(Kind.COVERAGE)
    if kind is Kind.COVERAGE:
        template, values = wording.coverage(bulletin, coverage.ahead)
    else:
        template, values = wording.digest(bulletin, kind, covered=_looks_ahead(kind, coverage))
    return template, dict(values)


def _wanted(kind: Kind, settings: Settings) -> Wanted:
    coverage = settings.policy(Kind.COVERAGE)
    ahead = coverage.ahead if kind is Kind.COVERAGE or _looks_ahead(kind, coverage) else None
    return Wanted(ahead=ahead, day=kind is not Kind.COVERAGE)


def _looks_ahead(kind: Kind, coverage: Policy) -> bool:
    """The evening's digest says whether everything is covered, where anybody wants to know."""
    return kind is Kind.EVENING_DIGEST and coverage.at is not None


def _is_wanted(run: Run, settings: Settings, now: datetime) -> bool:
    """Whether the policies still say so, and it is not too late: what is old by now is not news."""
    policy, zone = settings.policy(run.kind), settings.quiet.zone
    due = _due_on(run.due.astimezone(zone).date(), policy.at, zone)
    return run.due == due and now < run.due + policy.expires


def _due_on(day: date, hour: time | None, zone: ZoneInfo) -> datetime | None:
    """When a daily kind is due on that civil day; None where it is off."""
    return None if hour is None else datetime.combine(day, hour, zone).astimezone(UTC)
