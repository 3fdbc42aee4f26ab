"""What is written to people when somebody comes to an office, leaves it, is suspended, acts, or ceases to."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from notifier.domain.holdings import Seat
from notifier.domain.ids import PersonId
from notifier.domain.message import Lane
from notifier.domain.policy import Kind
from notifier.domain.roster import OUTSIDE_CHAIN, Lineage
from notifier.domain.times import iso_utc
from notifier.engine.case_letters import base_values, local_phone, name_of
from notifier.engine.letters import Letter, Letters
from notifier.engine.station import Station
from notifier.store.tx import Tx

OpenList = Sequence[tuple[int, str]]
"""What is open, as one reader knows it: his number of it, and a few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handing:
    """An office passing between its holder and who acts in it. ``mark`` tells it from every other time."""

    seat: Seat
    titular: PersonId | None
    acting: PersonId | None
    since: datetime
    mark: str
    until: datetime | None = None
    suspended_until: datetime | None = None
    order: str | None = None
    open_list: OpenList = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """Who decided something about a seat, why, and by which paper. ``by`` None: an import, a rule, a date."""

    by: PersonId | None = None
    reason: str | None = None
    order: str | None = None


NOBODY = Decided()
"""Nobody in particular decided."""


class OfficeLetters:
    """Writes the letters of offices."""

    def __init__(self, station: Station, letters: Letters) -> None:
        """Use the station's texts and letters."""
        self._station = station
        self._letters = letters

    async def begun(self, tx: Tx, handing: Handing, now: datetime, *, tell_holder: bool = True) -> None:
        """Who acts gets the hand-over note, the holder hears of it, and so does everybody in the unit."""
        await self._tell(tx, handing, "acting_begun", [handing.acting], now, lane=Lane.ESCALATION)
        if tell_holder:
            await self._tell(tx, handing, "acting_told", [handing.titular], now)
        await self._tell_unit(tx, handing, "acting_notice", now)

    async def ended(self, tx: Tx, handing: Handing, now: datetime, *, hand_back: bool = True) -> None:
        """Who acted is thanked, the holder gets the hand-back note, and the unit hears who is in charge."""
        await self.thanked(tx, handing, now)
        if hand_back:
            await self._tell(tx, handing, "acting_back", [handing.titular], now, lane=Lane.ESCALATION)
        await self._tell_unit(tx, handing, "acting_over_notice", now)

    async def thanked(self, tx: Tx, handing: Handing, now: datetime) -> None:
        """Who acted is told that it is over."""
        await self._tell(tx, handing, "acting_ended", [handing.acting], now)

    async def to_holder(
        self, tx: Tx, handing: Handing, template: str, person: PersonId, decided: Decided, now: datetime
    ) -> None:
        """Tell somebody plainly what was decided about his office, by whom and why."""
        await self._tell(tx, handing, template, [person], now, decided=decided, lane=Lane.ESCALATION)

    async def appointed(
        self, tx: Tx, handing: Handing, person: PersonId, decided: Decided, now: datetime
    ) -> None:
        """Who is appointed gets the hand-over note, and the unit hears of it."""
        await self.to_holder(tx, handing, "office_appointed", person, decided, now)
        await self._tell_unit(tx, handing, "office_appointed_notice", now)

    async def meanwhile(self, tx: Tx, handing: Handing, now: datetime) -> None:
        """Everybody in the unit hears whom to turn to, and nothing of why."""
        await self._tell_unit(tx, handing, "office_meanwhile", now, told=())

    async def _tell_unit(
        self,
        tx: Tx,
        handing: Handing,
        template: str,
        now: datetime,
        told: Collection[PersonId | None] | None = None,
    ) -> None:
        if handing.seat.rank >= OUTSIDE_CHAIN:
            return
        told = {handing.acting, handing.titular} if told is None else told
        members = [person for person in await tx.roster.members(handing.seat.unit) if person not in told]
        await self._tell(tx, handing, template, members, now, lane=Lane.BULK, kind=Kind.NOTICE)

    async def _tell(
        self,
        tx: Tx,
        handing: Handing,
        template: str,
        readers: Iterable[PersonId | None],
        now: datetime,
        *,
        decided: Decided = NOBODY,
        lane: Lane = Lane.DUTY,
        kind: Kind = Kind.UNSTAFFED,
    ) -> None:
        people = [reader for reader in readers if reader is not None]
        named = [who for who in (handing.titular, handing.acting, decided.by) if who is not None]
        lineage = await self._station.lineage(tx, handing.seat.unit, now, also={*people, *named})
        letters = [
            Letter(
                key=f"{template}:{handing.mark}:{reader}",
                person=reader,
                template=template,
                values={
                    **base_values(lineage, reader, now),
                    **self._values(handing, lineage, reader, decided),
                },
                lane=lane,
                kind=kind,
            )
            for reader in people
        ]
        await self._letters.post(tx, letters, now)

    def _values(
        self, handing: Handing, lineage: Lineage, reader: PersonId, decided: Decided
    ) -> dict[str, object]:
        person = lineage.people.get(reader)
        decider = lineage.people.get(decided.by) if decided.by else None
        locale = person.locale if person else self._station.locale
        return {
            "office": self._station.texts.label(handing.seat.title, locale),
            "titular_name": name_of(lineage, handing.titular),
            "acting_name": name_of(lineage, handing.acting),
            "since": iso_utc(handing.since),
            "acting_until": iso_utc(handing.until) if handing.until else None,
            "suspended_until": iso_utc(handing.suspended_until) if handing.suspended_until else None,
            "order": handing.order or decided.order,
            "reason": decided.reason,
            "decider_name": decider.name if decider else None,
            "decider_phone": local_phone(decider.phone) if decider else None,
            "open_list": [{"number": number, "text": text} for number, text in handing.open_list],
        }
