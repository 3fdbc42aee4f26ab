"""What an answer may say: the values of its text, for a matter or for none."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from notifier.domain.case import Case
from notifier.domain.ids import PersonId, SheetKey, ShiftKey, UnitCode
from notifier.domain.language.model import MatterKind
from notifier.domain.policy import Kind
from notifier.domain.roster import ChannelName, Lineage, Person
from notifier.domain.times import iso_utc
from notifier.engine.case_letters import CaseLetters, base_values, is_night, local_phone, title_of
from notifier.engine.cover_letters import COVER, LEAVE
from notifier.engine.exchange_letters import EXCHANGE
from notifier.engine.intake.standing import KIND_OF, Standing
from notifier.engine.intake.visit import Visit
from notifier.engine.parts import Parts
from notifier.engine.shifts import shift_values
from notifier.engine.subjects import DESK, OFFICE, RELAY, SHEET, SHIFT, UNSIGNED, VERIFY
from notifier.store.rows import Matter
from notifier.store.tx import Tx

Values = dict[str, object]

_HINTS = {
    MatterKind.REMINDER: "hint_shift",
    MatterKind.CALL: "hint_call",
    MatterKind.LIST: "hint_list",
    MatterKind.VERIFY: "hint_verify",
    MatterKind.RELAY: "hint_relay",
    MatterKind.CLAIM: "hint_claim",
    MatterKind.NOTICE: "hint_notice",
    MatterKind.DESK: "hint_desk",
    MatterKind.PROPOSAL: "hint_exchange",
}

_HINTS_OF_CALLS = {OFFICE: "hint_office", COVER: "hint_cover"}
_HINTS_OF_PROPOSALS = {LEAVE: "hint_leave", EXCHANGE: "hint_exchange"}


class Facts:
    """Gathers values."""

    def __init__(self, parts: Parts) -> None:
        """Read through the parts."""
        self._parts = parts
        self._station = parts.station
        self._letters = CaseLetters(parts.station)

    async def lineage(self, tx: Tx, unit: UnitCode, now: datetime, *also: PersonId) -> Lineage:
        """A unit with all above it."""
        return await self._station.lineage(tx, unit, now, also=also)

    async def plain(self, visit: Visit, person: Person) -> Values:
        """Values of an answer that is about no matter."""
        lineage = await self.lineage(visit.tx, person.unit, visit.now, person.id)
        return {**_common(visit), **base_values(lineage, person.id, visit.now), **_said_by(visit, person)}

    async def about(self, visit: Visit, matter: Matter, person: Person) -> Values:
        """Values of an answer to that person about that matter, open or closed."""
        tx, now = visit.tx, visit.now
        kind = KIND_OF.get(matter.topic)
        case = await tx.cases.last_for(kind, matter.subject) if kind else None
        also = [person.id, *(case.calls[n].person for n in range(len(case.calls)))] if case else [person.id]
        lineage = await self.lineage(tx, matter.unit, now, *also)
        values = {
            **_common(visit),
            **base_values(lineage, person.id, now),
            **_said_by(visit, person),
            **await self.subject(tx, matter, person, now),
            **(await self._progress(tx, case, lineage, person, now) if case else {}),
            "night": is_night(now, self._station.zone),
        }
        if kind is None or not _is_told(kind, values):
            return values
        return {**values, "matter_text": self._letters.matter_text(kind, values, person.locale, now)}

    async def subject(self, tx: Tx, matter: Matter, person: Person, now: datetime) -> Values:
        """What texts may say of the matter's subject; nothing of one that is gone."""
        if matter.topic in (SHIFT, DESK):
            return await self._shift(tx, ShiftKey(matter.subject), person, now)
        if matter.topic in (COVER, LEAVE):
            return await self._shift(tx, ShiftKey(matter.subject.partition("|")[0]), person, now)
        if matter.topic == EXCHANGE:
            exchange = await self._parts.exchanges.load(tx, matter.subject)
            return await self._parts.exchanges.letters.values(tx, exchange, person.id) if exchange else {}
        if matter.topic in (SHEET, UNSIGNED, VERIFY):
            sheet = await tx.sheets.get(SheetKey(matter.subject))
            return await self._parts.sheets.letters.values(tx, sheet, person.locale) if sheet else {}
        if matter.topic in (RELAY, OFFICE):
            load = self._parts.relays.load if matter.topic == RELAY else self._parts.silence.load
            subject = await load(tx, matter.subject, now)
            return dict(subject.values) if subject else {}
        return {}

    async def _shift(self, tx: Tx, key: ShiftKey, person: Person, now: datetime) -> Values:
        subject = await self._parts.shifts.load(tx, key, now)
        shift = await tx.shifts.get(key)
        if subject is None or shift is None:
            return {}
        return {**subject.values, "rostered": person.id in shift.people}

    async def _progress(self, tx: Tx, case: Case, lineage: Lineage, person: Person, now: datetime) -> Values:
        holder = lineage.people.get(case.holder) if case.holder else None
        title = title_of(case.holder, lineage, self._station.texts, person.locale, now)
        return {
            "called": len(case.called),
            "minutes_open": int((now - case.opened_at).total_seconds() // 60),
            "holder_name": holder.name if holder else None,
            "holder_title": title,
            "held_at": await _held_at(tx, case) if holder else None,
            "hold_until": iso_utc(case.due_at) if case.due_at and case.holder else None,
            "done_at": iso_utc(case.closed_at) if case.closed_at else None,
            "outcome": case.outcome,
        }

    # ── lists of what is open ────────────────────────────────────────────────────────────────────

    async def numbers(self, visit: Visit, standings: Iterable[Standing]) -> list[dict[str, object]]:
        """Each matter's number with how it may be answered, in few words; whose, where of several."""
        listed = list(standings)
        of_several = len({standing.person.id for standing in listed}) > 1
        entries: list[dict[str, object]] = []
        for standing in listed:
            hint = await self.hint(visit.tx, standing, visit.now)
            if of_several:
                hint = self._phrase("hint_whose", standing, {"matter_text": hint}, visit.now)
            entries.append({"number": standing.view.number, "hint": hint})
        return entries

    async def open_list(self, visit: Visit, standings: Sequence[Standing]) -> list[dict[str, object]]:
        """Each matter's number with what it is about."""
        return [
            {"number": entry["number"], "text": entry["hint"]}
            for entry in await self.numbers(visit, standings)
        ]

    async def hint(self, tx: Tx, standing: Standing, now: datetime) -> str:
        """One open matter in a few words: what it is, and the word that answers it."""
        kind = standing.view.kind
        template = _HINTS[kind]
        if kind is MatterKind.CALL and standing.topic != SHIFT:
            template = _HINTS_OF_CALLS.get(standing.topic, "hint_follow_up")
        template = _HINTS_OF_PROPOSALS.get(standing.topic, template)
        lineage = await self.lineage(tx, standing.matter.unit, now)
        values = {
            **base_values(lineage, standing.person.id, now),
            **await self._short_subject(tx, standing, now),
        }
        return self._phrase(template, standing, values, now)

    def _phrase(self, template: str, standing: Standing, values: Values, now: datetime) -> str:
        known = {"site": self._station.site, "name": standing.person.name, "number": standing.view.number}
        rendered = self._station.texts.render(
            template,
            channel=ChannelName.TELEGRAM,
            locale=standing.person.locale,
            values={**known, **values},
            now=now,
        )
        return rendered.text

    async def _short_subject(self, tx: Tx, standing: Standing, now: datetime) -> Mapping[str, object]:
        if standing.topic == LEAVE:
            absent = await tx.roster.person(PersonId(standing.matter.subject.partition("|")[2]))
            known = await self.subject(tx, standing.matter, standing.person, now)
            return {**known, "absent_name": absent.name if absent else None}
        if standing.shift is not None and standing.post is not None:
            policy = (await self._station.rules.current(tx)).policy(Kind.UNSTAFFED)
            return {**shift_values(standing.shift, standing.post, policy), "rostered": standing.view.rostered}
        return await self.subject(tx, standing.matter, standing.person, now)


async def _held_at(tx: Tx, case: Case) -> str | None:
    """When the holder took it, as the journal has it."""
    lines = await tx.journal.of_case(case.id)
    taken = [line.at for line in lines if line.event == "acknowledged" and line.person == case.holder]
    return iso_utc(taken[-1]) if taken else None


def _is_told(kind: Kind, values: Mapping[str, object]) -> bool:
    """Whether the subject is still there to be named."""
    named = {Kind.UNSTAFFED: "post", Kind.UNRELAYED: "title", Kind.SILENT: "office"}
    needed = named.get(kind, "items_total")
    return needed in values


def _common(visit: Visit) -> Values:
    """What every answer may print; each is replaced where there is more to say."""
    return {
        "at": iso_utc(visit.now),
        "words": visit.words,
        "matter_text": "",
        "word": None,
        "phone": None,
        "minutes": None,
        "next_name": None,
        "holder_name": None,
        "holder_title": None,
        "held_at": None,
        "hold_until": None,
        "done_at": None,
        "done_by_name": None,
        "outcome": None,
        "reason": None,
        "called": 0,
        "times": 1,
        "open_list": [],
        "numbers": [],
        "names": [],
    }


def _said_by(visit: Visit, person: Person) -> Values:
    if visit.channel is ChannelName.SMS:
        return {"sender_name": person.name, "sender_phone": local_phone(visit.incoming.sender)}
    return {"sender_name": person.name, "sender_phone": local_phone(person.phone)}
