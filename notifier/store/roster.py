"""The roster, as it stands."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.audience import Audience
from notifier.domain.ids import PersonId, PostCode, ShiftKey, UnitCode
from notifier.domain.roster import ChannelName, Lineage, Office, Person, Post, Unit
from notifier.errors import NotFound
from notifier.store.audience import in_audience
from notifier.store.kept import Kept
from notifier.store.lineage import load_lineages
from notifier.store.mappers import (
    OFFICE_COLUMNS,
    PERSON_COLUMNS,
    POST_COLUMNS,
    UNIT_COLUMNS,
    office_of,
    person_of,
    post_of,
    unit_of,
)
from notifier.store.reach import load_reached
from notifier.store.rows import LineageQuery, Reach
from notifier.store.statements import batches
from notifier.store.tables import offices, people, posts, units
from notifier.store.tree import ABOVE, below, path_of

_IN_ROSTER = people.c.removed_at.is_(None)


class RosterRepo:
    """Units, people, offices and posts.

    One person or post is found by id even when gone from the roster, since journals name them; lists have
    only those who are in it.
    """

    def __init__(self, conn: AsyncConnection, kept: Kept | None = None) -> None:
        """Work inside the transaction of ``conn``."""
        self._conn = conn
        self._kept = kept or Kept()

    # ── units ──

    async def units(self) -> dict[UnitCode, Unit]:
        """Every unit by code."""
        rows = await self._conn.execute(select(*UNIT_COLUMNS).order_by(units.c.code))
        return {row["code"]: unit_of(row) for row in rows.mappings()}

    async def units_named(self, codes: Collection[UnitCode]) -> dict[UnitCode, Unit]:
        """Those units by code, as far as there are such, and the root."""
        found: dict[UnitCode, Unit] = {}
        for batch in batches(codes):
            query = select(*UNIT_COLUMNS).where(units.c.code.in_(batch) | units.c.parent.is_(None))
            found |= {row["code"]: unit_of(row) for row in (await self._conn.execute(query)).mappings()}
        return found

    async def unit(self, code: UnitCode) -> Unit | None:
        """One unit."""
        row = (await self._conn.execute(select(*UNIT_COLUMNS).where(units.c.code == code))).mappings()
        return next((unit_of(one) for one in row), None)

    async def path(self, unit: UnitCode) -> tuple[Unit, ...]:
        """The unit and all above it, up to the root; empty when there is no such unit."""
        rows = await self._conn.execute(select(ABOVE), {"codes": [unit]})
        return path_of({row["code"]: unit_of(row) for row in rows.mappings()}, unit)

    async def below(self, unit: UnitCode) -> set[UnitCode]:
        """The unit and all below it; empty when there is no such unit."""
        return set(await self._conn.scalars(below(unit)))

    # ── people ──

    async def person(self, person: PersonId) -> Person | None:
        """One person, in the roster or gone from it."""
        return (await self.people([person])).get(person)

    async def people(self, ids: Collection[PersonId]) -> dict[PersonId, Person]:
        """Those people by id, in the roster or gone from it."""
        found: dict[PersonId, Person] = {}
        for batch in batches(ids):
            rows = await self._conn.execute(select(*PERSON_COLUMNS).where(people.c.id.in_(batch)))
            found |= {row["id"]: person_of(row) for row in rows.mappings()}
        return found

    async def present(self, ids: Collection[PersonId]) -> set[PersonId]:
        """Those of the ids who are in the roster now."""
        found: set[PersonId] = set()
        for batch in batches(ids):
            found.update(
                await self._conn.scalars(select(people.c.id).where(people.c.id.in_(batch), _IN_ROSTER))
            )
        return found

    async def people_of(self, unit: UnitCode) -> list[Person]:
        """The people of exactly that unit, by id."""
        query = select(*PERSON_COLUMNS).where(people.c.unit == unit, _IN_ROSTER).order_by(people.c.id)
        return [person_of(row) for row in (await self._conn.execute(query)).mappings()]

    async def members(self, unit: UnitCode) -> list[PersonId]:
        """The ids of the people of exactly that unit, in order."""
        query = select(people.c.id).where(people.c.unit == unit, _IN_ROSTER).order_by(people.c.id)
        return list(await self._conn.scalars(query))

    async def by_name(self, unit: UnitCode, name: str) -> list[Person]:
        """The people of exactly that unit who have that name; if nobody, those whose name contains it.

        Upper and lower case are the same.
        """
        everybody = await self.people_of(unit)
        wanted = name.casefold()
        exactly = [person for person in everybody if person.name.casefold() == wanted]
        return exactly or [person for person in everybody if wanted and wanted in person.name.casefold()]

    async def likely_named(self, within: Collection[UnitCode], beginnings: Collection[str]) -> list[Person]:
        """The people of exactly those units whose name or id begins with one of these letters, by id.

        Upper and lower case are the same.
        """
        begins = or_(
            *(
                func.lower(column).startswith(letter, autoescape=True)
                for column in (people.c.name, people.c.id)
                for letter in beginnings
            )
        )
        found: list[Person] = []
        for batch in batches(within):
            query = select(*PERSON_COLUMNS).where(people.c.unit.in_(batch), begins, _IN_ROSTER)
            found += [person_of(row) for row in (await self._conn.execute(query)).mappings()]
        return sorted(found, key=lambda person: person.id)

    async def set_locale(self, person: PersonId, locale: str) -> None:
        """Write to that person in that language from now on, until an import says otherwise."""
        await self._conn.execute(update(people).where(people.c.id == person).values(locale=locale))

    # ── offices and posts ──

    async def offices_of(self, unit: UnitCode) -> list[Office]:
        """The seats of exactly that unit, by rank, then title."""
        query = select(*OFFICE_COLUMNS).where(offices.c.unit == unit)
        rows = await self._conn.execute(query.order_by(offices.c.rank, offices.c.title))
        return [office_of(row) for row in rows.mappings()]

    async def offices_held(self, person: PersonId) -> list[Office]:
        """The seats that person holds, in whatever status, or acts in, by unit, rank and title."""
        his = (offices.c.person == person) | (offices.c.acting == person)
        query = select(*OFFICE_COLUMNS).where(his)
        rows = await self._conn.execute(query.order_by(offices.c.unit, offices.c.rank, offices.c.title))
        return [office_of(row) for row in rows.mappings()]

    async def units_with_office(self, title: str) -> list[UnitCode]:
        """The units that have a holder of that office, by code."""
        held = (offices.c.title == title) & offices.c.person.is_not(None)
        query = select(offices.c.unit).where(held).distinct().order_by(offices.c.unit)
        return list(await self._conn.scalars(query))

    async def titles(self) -> list[str]:
        """Every title that somebody holds an office by."""
        held = offices.c.person.is_not(None)
        return list(
            await self._conn.scalars(select(offices.c.title).where(held).distinct().order_by("title"))
        )

    async def post_kinds(self) -> list[str]:
        """Every kind of the posts that are kept."""
        kept = posts.c.removed_at.is_(None)
        return list(await self._conn.scalars(select(posts.c.kind).where(kept).distinct().order_by("kind")))

    async def post(self, code: PostCode) -> Post | None:
        """One post, kept or given up."""
        return (await self.posts([code])).get(code)

    async def posts(self, codes: Collection[PostCode]) -> dict[PostCode, Post]:
        """Those posts by code, kept or given up."""
        return await self._kept.many("posts", codes, self._read_posts)

    async def _read_posts(self, codes: Collection[PostCode]) -> dict[PostCode, Post]:
        found: dict[PostCode, Post] = {}
        for batch in batches(codes):
            rows = await self._conn.execute(select(*POST_COLUMNS).where(posts.c.code.in_(batch)))
            found |= {row["code"]: post_of(row) for row in rows.mappings()}
        return found

    async def posts_of(self, unit: UnitCode) -> list[Post]:
        """The posts that exactly that unit keeps, by code."""
        found = await self._kept.one("posts_of", unit, lambda: self._read_posts_of(unit))
        return list(found or ())

    async def _read_posts_of(self, unit: UnitCode) -> list[Post]:
        query = select(*POST_COLUMNS).where(posts.c.unit == unit, posts.c.removed_at.is_(None))
        rows = await self._conn.execute(query.order_by(posts.c.code))
        return [post_of(row) for row in rows.mappings()]

    # ── who can be reached ──

    async def lineage(
        self,
        unit: UnitCode,
        *,
        also: Collection[PersonId] = (),
        shift: ShiftKey | None = None,
        channels: Collection[ChannelName],
        accounts: Collection[str],
        now: datetime,
    ) -> Lineage:
        """The unit with everything above it, read live. Raises NotFound when there is no such unit.

        ``shift`` is the one that leaves count for; ``accounts`` are the bots that work.
        """
        query = LineageQuery(unit=unit, also=tuple(also), shift=shift)
        found = (await self.lineages([query], channels=channels, accounts=accounts, now=now))[0]
        if found is None:
            raise NotFound(f"there is no unit {unit}")
        return found

    async def lineages(
        self,
        wanted: Sequence[LineageQuery],
        *,
        channels: Collection[ChannelName],
        accounts: Collection[str],
        now: datetime,
    ) -> list[Lineage | None]:
        """One lineage for each query, in its order, at the price of one; None where there is no such unit.

        An absence that is over at ``now`` is left to ``Office.status_at``: nothing here depends on the time.
        """
        return await load_lineages(self._conn, wanted, channels=channels, accounts=accounts)

    async def audience(self, meant: Audience, now: datetime) -> list[PersonId]:
        """Everybody in the roster whom the audience means at ``now``, each once, in order of id.

        Whoever is rostered for a shift that runs or is to come stands at its post.
        """
        in_it = in_audience(meant, now)
        return sorted(await self._conn.scalars(select(people.c.id).where(in_it, _IN_ROSTER)))

    async def reach(
        self, ids: Collection[PersonId], *, channels: Collection[ChannelName], accounts: Collection[str]
    ) -> Reach:
        """How many of those people can be reached right now, and how."""
        reached = await load_reached(self._conn, ids, channels=channels, accounts=accounts)
        telegram = sum(
            any(contact.channel is ChannelName.TELEGRAM for contact in contacts)
            for contacts in reached.contacts.values()
        )
        return Reach(telegram=telegram, sms_only=len(reached.contacts) - telegram, neither=len(reached.lost))
