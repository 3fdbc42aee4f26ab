"""Personal links handed out: made for each person, written to a file or printed sheets, and only then kept.

A link works from the moment its hash is kept, which is just before its file gets its name: whatever
stops in between leaves no file whose links do not work.
"""

import asyncio
import csv
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from notifier.domain.ids import PersonId
from notifier.domain.roster import ChannelName, Person
from notifier.domain.times import iso_utc
from notifier.engine.linking.groups import Group
from notifier.engine.linking.tokens import SHELL, DeepLink, new_link
from notifier.engine.station import Station
from notifier.errors import InputError
from notifier.files.link_sheets import Card, Hints, Section, write_link_sheets
from notifier.files.typefaces import Typefaces
from notifier.store.rows import JournalLine
from notifier.store.statements import batches

MOST_IN_A_FILE = 6000
"""People in one PDF, which is held in memory until it is whole; more take a file for each unit."""

_AT_ONCE = 500
"""Hashes kept in one transaction, so that no call waits behind them."""

_IN_FILE_NAMES = re.compile(r'[/\\:*?"<>|%\x00-\x1f]|\A\.')
"""What a unit's code may hold and the name of a file may not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How links are made: by which bot they lead, how long they work, who had them made (None: not said).

    ``channel`` is the journal's word for where that was said.
    """

    bot: str
    valid: timedelta
    by: PersonId | None = None
    channel: str = SHELL


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOut:
    """What was written. ``undrawn``: people with the characters of their names that no font has."""

    files: int
    links: int
    until: datetime
    undrawn: Sequence[tuple[Person, str]] = field(default=())


_Links = tuple[Group, Sequence[DeepLink]]

Values = dict[str, object]

OnLink = Callable[[], None]
"""Called for each link made, in a thread, for whoever watches."""


class Handout:
    """Makes the links of some groups and writes them. Every method raises InputError for a file."""

    def __init__(self, station: Station, order: Order, on_link: OnLink = lambda: None) -> None:
        """Links work from now on for as long as ordered."""
        self._station = station
        self._order = order
        self._on_link = on_link
        self._now = station.now()
        self._until = (self._now + order.valid).replace(microsecond=0)

    async def write_table(self, path: Path, groups: Sequence[Group]) -> HandedOut:
        """One CSV file: ``id,name,link``, by id."""
        made = await asyncio.to_thread(self._made, groups)
        with _replacing(path) as part:
            written = await asyncio.to_thread(self._table, part, made)
            await self._keep(made)
        return HandedOut(files=1, links=written, until=self._until)

    async def write_sheets(self, path: Path, groups: Sequence[Group], faces: Typefaces) -> HandedOut:
        """One PDF, each unit beginning on a new page."""
        if (people := sum(len(group.people) for group in groups)) > MOST_IN_A_FILE:
            raise InputError(f"{people} people are too many for one PDF; add --split: a file for each unit")
        made = await asyncio.to_thread(self._made, groups)
        with _replacing(path) as part:
            # In a thread: a town's sheets take seconds, in which calls go out.
            await asyncio.to_thread(self._draw, part, made, faces)
            await self._keep(made)
        undrawn = _undrawn(groups, faces)
        return HandedOut(files=1, links=people, until=self._until, undrawn=undrawn)

    async def write_split(self, folder: Path, groups: Sequence[Group], faces: Typefaces) -> HandedOut:
        """A folder (made if need be) with a PDF for each unit, named by its code."""
        _make(folder)
        done = [await self.write_sheets(folder / _file_name(group), [group], faces) for group in groups]
        return HandedOut(
            files=len(done),
            links=sum(one.links for one in done),
            until=self._until,
            undrawn=[pair for one in done for pair in one.undrawn],
        )

    # ── links ────────────────────────────────────────────────────────────────────────────────────

    def _made(self, groups: Sequence[Group]) -> list[_Links]:
        return [(group, [new_link(person, self._order.bot) for person in group.people]) for group in groups]

    def _table(self, path: Path, made: Sequence[_Links]) -> int:
        listed = sorted((link for _, links in made for link in links), key=lambda link: link.person.id)
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("id", "name", "link"))
            for link in listed:
                writer.writerow((link.person.id, link.person.name, link.url))
                self._on_link()
        return len(listed)

    async def _keep(self, made: Sequence[_Links]) -> None:
        hashes = [(link.token_hash, link.person.id) for _, links in made for link in links]
        for some in batches(hashes, _AT_ONCE):
            async with self._station.db.write() as tx:
                await tx.contacts.issue_tokens(some, self._now, self._until)
        async with self._station.db.write() as tx:
            await tx.journal.write([self._line(group) for group, _ in made])

    def _line(self, group: Group) -> JournalLine:
        return JournalLine(
            at=self._now,
            event="links_issued",
            unit=group.unit.code,
            # One person's link names him; a unit's are told by number.
            subject=group.people[0].id if len(group.people) == 1 else None,
            person=self._order.by,
            channel=self._order.channel,
            reason=f"{len(group.people)}, good until {iso_utc(self._until)}",
        )

    # ── sheets ───────────────────────────────────────────────────────────────────────────────────

    def _draw(self, path: Path, made: Sequence[_Links], faces: Typefaces) -> None:
        sections = (self._section(group, links) for group, links in made)
        write_link_sheets(path, sections, self._hints(), faces, self._on_link)

    def _section(self, group: Group, links: Sequence[DeepLink]) -> Section:
        cards = [Card(id=link.person.id, name=link.person.name, url=link.url) for link in links]

        def heading(page: int, pages: int) -> tuple[str, str]:
            values: Values = {"unit": group.unit.name, "town": group.above, "page": page, "pages": pages}
            return self._said("link_sheet_head", "zh", values), self._said("link_sheet_head", "en", values)

        return Section(place=group.unit.name, cards=cards, heading=heading)

    def _hints(self) -> Hints:
        until = self._until.astimezone(self._station.zone)
        values: Values = {"valid_until": f"{until:%Y-%m-%d %H:%M}"}
        main, small = (self._said("link_card", locale, values) for locale in ("zh", "en"))
        return Hints(main=main.splitlines(), small=small.splitlines())

    def _said(self, template: str, locale: str, values: Values) -> str:
        station = self._station
        always = {"site": station.site, "name": "", "number": None, "unit": "", "town": None}
        rendered = station.texts.render(
            template,
            channel=ChannelName.TELEGRAM,
            locale=locale,
            values={**always, **values},
            now=self._now,
        )
        return rendered.text


def _make(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be made ({error.strerror}); give another folder") from None


def _undrawn(groups: Sequence[Group], faces: Typefaces) -> list[tuple[Person, str]]:
    people = [person for group in groups for person in group.people]
    return [(person, missing) for person in people if (missing := faces.missing(person.name))]


def _file_name(group: Group) -> str:
    return _IN_FILE_NAMES.sub(lambda found: f"%{ord(found[0]):02x}", group.unit.code) + ".pdf"


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A file beside ``path`` that only its owner may read; it takes that name if nothing is raised."""
    part: Path | None = None
    try:
        handle, name = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}.", suffix=".part")
        os.close(handle)
        part = Path(name)
        yield part
        part.replace(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"{path} cannot be written ({reason}); give another file") from None
    finally:
        if part is not None:
            part.unlink(missing_ok=True)
