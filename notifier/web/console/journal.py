"""The journal: searched, page by page, and as a file."""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from notifier.domain.access import Right
from notifier.domain.ids import CaseId
from notifier.engine.access.guard import Guard
from notifier.engine.console.journal_view import MOST_EXPORTED, JournalPage, people_meant, read_journal
from notifier.store.journal_search import JournalFilter
from notifier.store.tx import Tx
from notifier.web.console.asked import address, day_of, number, words
from notifier.web.console.csv_file import Row, csv_file
from notifier.web.console.kit import Kit
from notifier.web.console.routes import Routes
from notifier.web.console.telling import Teller
from notifier.web.console.visit import Visitor

JOURNAL: Final = "/console/journal"
DAYS: Final = 7
"""How far a search goes back that names no day."""
LONGEST_TEXT: Final = 100
_EXPORTED_TOGETHER: Final = 1000
_COLUMNS: Final = ("time", "event", "case", "unit", "about", "person", "channel", "reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What was asked for, as it stands in the form. ``begin`` and ``end`` are civil days, both meant."""

    unit: str
    person: str
    case: str
    event: str
    channel: str
    text: str
    begin: date
    end: date

    def fields(self) -> dict[str, str]:
        """The fields of the address that asks for it."""
        told = {"unit": self.unit, "person": self.person, "case": self.case, "event": self.event}
        told |= {"channel": self.channel, "text": self.text}
        return {**told, "from": self.begin.isoformat(), "to": self.end.isoformat()}


class JournalPages:
    """Pages below ``/console/journal``."""

    def __init__(self, kit: Kit) -> None:
        """Work with the console's kit."""
        self._kit = kit

    def add_to(self, routes: Routes) -> None:
        """Take the pages in."""
        routes.get(JOURNAL, self.journal)
        routes.get_part(f"{JOURNAL}.csv", self.export)

    async def journal(self, request: Request, visitor: Visitor) -> Response:
        """What was decided and done, the newest first."""
        search = self._search(request.query_params)
        async with self._kit.read(visitor) as (tx, guard):
            wanted = await self._wanted(tx, guard, search)
            page = await read_journal(tx, wanted, number(request.query_params.get("before")))
            units = await tx.roster.units()
        return self._kit.renderer.page(
            request,
            visitor,
            "journal.html",
            page=page,
            search=search,
            units={code: unit for code, unit in units.items() if guard.may(code, Right.OVERSEE)},
            events=self._kit.renderer.names("event"),
            channels=self._kit.renderer.names("channel"),
            tell=Teller.of(self._kit, visitor.locale, page.people),
            link=partial(address, JOURNAL, **search.fields()),
            file=address(f"{JOURNAL}.csv", **search.fields()),
            most=MOST_EXPORTED,
        )

    async def export(self, request: Request, visitor: Visitor) -> Response:
        """All that was found, as CSV."""
        search = self._search(request.query_params)
        async with self._kit.read(visitor) as (tx, guard):
            wanted = await self._wanted(tx, guard, search)
        name = f"journal-{search.begin:%Y%m%d}-{search.end:%Y%m%d}.csv"
        return csv_file(name, self._sets(visitor, wanted))

    async def _sets(self, visitor: Visitor, wanted: JournalFilter) -> AsyncIterator[Iterable[Row]]:
        """Its lines in sets, each read in a transaction of its own."""
        yield [[self._kit.renderer.say(visitor.locale, f"journal.{name}") for name in _COLUMNS]]
        before: int | None = None
        for _ in range(MOST_EXPORTED // _EXPORTED_TOGETHER):
            async with self._kit.read(visitor) as (tx, _guard):
                page = await read_journal(tx, wanted, before, _EXPORTED_TOGETHER)
            yield self._rows(visitor, page)
            before = page.older
            if before is None:
                return

    def _rows(self, visitor: Visitor, page: JournalPage) -> Iterable[Row]:
        tell, zone = Teller.of(self._kit, visitor.locale, page.people), self._kit.parts.station.zone
        for line in page.lines:
            yield (
                line.at.astimezone(zone).isoformat(),
                tell.event(line.event),
                line.case,
                line.unit,
                tell.about(line.subject),
                tell.name(line.person),
                tell.channel(line.channel),
                tell.reason(line.reason),
            )

    # ── what is asked for ──

    def _search(self, query: Mapping[str, str]) -> Search:
        today = self._kit.parts.station.now().astimezone(self._kit.parts.station.zone).date()
        end = day_of(query.get("to")) or today
        event, channel = words(query, "event"), words(query, "channel")
        return Search(
            unit=words(query, "unit"),
            person=words(query, "person"),
            case=query.get("case", "") if number(query.get("case")) is not None else "",
            event=event if event in self._kit.renderer.names("event") else "",
            channel=channel if channel in self._kit.renderer.names("channel") else "",
            text=words(query, "text")[:LONGEST_TEXT],
            begin=day_of(query.get("from")) or end - timedelta(days=DAYS),
            end=end,
        )

    async def _wanted(self, tx: Tx, guard: Guard, search: Search) -> JournalFilter:
        """The lines that are meant and may be seen. Raises NotAllowed, NotFound."""
        seen = guard.some(Right.OVERSEE)
        everywhere = None if guard.scope.everything else seen
        case = number(search.case)
        return JournalFilter(
            since=self._midnight(search.begin),
            until=self._midnight(search.end + timedelta(days=1)),
            units=guard.below(search.unit, Right.OVERSEE) if search.unit else everywhere,
            people=await people_meant(tx, search.person),
            case=None if case is None else CaseId(case),
            event=search.event or None,
            channel=search.channel or None,
            text=search.text or None,
        )

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self._kit.parts.station.zone)
