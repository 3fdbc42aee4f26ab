"""Who could stand a shift in place of another: whoever keeps such posts, is free, and has rested."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from notifier.domain.cover import HOURS_OVER, Candidate, Ranking, as_stood, rank
from notifier.domain.coverage import not_in_post
from notifier.domain.ids import PersonId
from notifier.domain.policy import Kind
from notifier.domain.roster import Lineage, Post, Shift
from notifier.engine.station import Station
from notifier.store.tx import Tx

KEEPERS_SINCE, KEEPERS_AHEAD = timedelta(days=28), timedelta(days=14)
"""Who is rostered at a post within that span of a shift keeps it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Whom somebody who decides may have stand a shift. Nobody is in both."""

    keepers: Ranking
    others: Ranking

    @property
    def free(self) -> frozenset[PersonId]:
        """Everybody who can."""
        return frozenset((*self.keepers.order, *self.others.order))


class StandIns:
    """Readings only."""

    def __init__(self, station: Station) -> None:
        """Read as the station reaches people."""
        self._station = station

    async def rest(self, tx: Tx) -> timedelta:
        """The least between two shifts of one person."""
        return (await self._station.rules.current(tx)).policy(Kind.UNSTAFFED).rest

    async def ranking(self, tx: Tx, shift: Shift, post: Post, now: datetime) -> Ranking:
        """Whom to ask to stand that shift, the first first."""
        keepers = await self._keepers(tx, shift, post)
        return await self._ranked(tx, keepers, shift, post, now, asks=True)

    async def choice(self, tx: Tx, shift: Shift, post: Post, now: datetime) -> Choice:
        """Whom somebody may have stand that shift: who keeps such posts, or anybody else of the unit.

        Nobody is asked, so that it takes nobody who can answer.
        """
        keepers = await self._keepers(tx, shift, post)
        members = await tx.roster.members(post.unit)
        rest = {person: False for person in members if person not in keepers and person not in shift.people}
        return Choice(
            keepers=await self._ranked(tx, keepers, shift, post, now, asks=False),
            others=await self._ranked(tx, rest, shift, post, now, asks=False),
        )

    async def _ranked(
        self,
        tx: Tx,
        people: Mapping[PersonId, bool],
        shift: Shift,
        post: Post,
        now: datetime,
        *,
        asks: bool,
    ) -> Ranking:
        """Those people, each with whether he keeps this very post; ``asks``: who cannot answer is no use."""
        lineage = await self._station.lineage(tx, post.unit, now, also=list(people), shift=shift.key)
        away = not_in_post(lineage, now)
        duties = await self.duties(tx, people, shift, now)
        candidates = [
            Candidate(
                person=person,
                near=near,
                duties=duties[person],
                obstacle=self._obstacle(lineage, person, away, asks=asks),
            )
            for person, near in people.items()
        ]
        return rank(candidates, shift, await self.rest(tx))

    async def obstacle(self, tx: Tx, person: PersonId, post: Post, now: datetime) -> str | None:
        """Why that person cannot be asked, whatever his shifts; None where he can."""
        lineage = await self._station.lineage(tx, post.unit, now, also=[person])
        return self._obstacle(lineage, person, not_in_post(lineage, now), asks=True)

    async def duties(
        self, tx: Tx, people: Collection[PersonId], shift: Shift, now: datetime
    ) -> dict[PersonId, tuple[Shift, ...]]:
        """What each stands, or may yet have to, in the week before and after that shift: past ones as stood.

        Who is on leave may have to come after all, until another stands it for him.
        """
        around = await tx.shifts.of_people(people, shift.start - HOURS_OVER, shift.end + HOURS_OVER)
        keys = [one.key for one in around]
        on_leave = await tx.shifts.on_leave(keys)
        covered = {(row.absent, row.shift) for row in await tx.covers.standing(keys)} & on_leave
        stayed = await tx.presences.stayed(keys, now)
        return {
            person: tuple(
                as_stood(s, stayed.get((person, s.key)))
                for s in around
                if person in s.people and (person, s.key) not in covered
            )
            for person in people
        }

    async def _keepers(self, tx: Tx, shift: Shift, post: Post) -> dict[PersonId, bool]:
        """Who keeps posts of that kind in the unit; True: this very post. Not who is in the shift anyway."""
        since, until = shift.start - KEEPERS_SINCE, shift.end + KEEPERS_AHEAD
        found: dict[PersonId, bool] = {}
        for other in await tx.roster.posts_of(post.unit):
            if other.kind == post.kind:
                own = other.code == post.code
                for kept in await tx.shifts.at_post(other.code, since, until):
                    found |= {person: own or found.get(person, False) for person in kept.people}
        present = await tx.roster.present(list(found))
        return {p: near for p, near in found.items() if p in present and p not in shift.people}

    def _obstacle(
        self, lineage: Lineage, person: PersonId, away: Collection[PersonId], *, asks: bool
    ) -> str | None:
        contacts = lineage.contacts.get(person, ())
        if not contacts:
            return lineage.lost.get(person, "no_contact")
        if asks and self._station.reach.is_mute(contacts):
            return "cannot_answer"
        return "absent" if person in away else None
