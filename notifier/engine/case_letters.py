"""What is written to people in the course of a case: which template, in which lane, with which values."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from notifier.domain.case import Call, CallState, Case, CaseState
from notifier.domain.chain import secretary_or_stand_in
from notifier.domain.effects import CALLS, Notice, Tell
from notifier.domain.ids import PersonId
from notifier.domain.message import Lane
from notifier.domain.policy import Kind, Policy
from notifier.domain.roster import DUTY_DESK, OUTSIDE_CHAIN, ChannelName, Lineage
from notifier.domain.times import iso_utc
from notifier.engine.letters import Letter
from notifier.engine.station import Station
from notifier.engine.subjects import Subject
from notifier.store.rows import Matter
from notifier.texts.catalogue import Catalogue

NIGHT_BEGINS, NIGHT_ENDS = 22, 6
"""Civil hours between which a call apologises first."""

_CHANNELS = frozenset(ChannelName)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    """How the recipient stands to the case, which decides the text he gets."""

    owes: bool
    desk: bool
    above: bool


class CaseLetters:
    """Writes the letters of cases."""

    def __init__(self, station: Station) -> None:
        """Use the station's texts, zone and locale."""
        self._station = station
        self._names = frozenset(station.texts.names())

    def letter(
        self,
        case: Case,
        tell: Tell,
        matter: Matter,
        subject: Subject,
        lineage: Lineage,
        policy: Policy,
        now: datetime,
        answered: Collection[PersonId] = (),
    ) -> Letter:
        """The letter for one notice to one person. Its key is natural: case, notice, person, count.

        ``answered`` have said something in this case, and so are awake.
        """
        calls = tell.notice in CALLS
        hushed = self.is_hushed(tell, now)
        standing = _standing(tell, policy, subject, lineage)
        return Letter(
            key=f"case:{case.id}:{tell.notice}:{tell.step}:{tell.n}:{tell.person}",
            person=tell.person,
            template=self._template(case, tell, standing, subject),
            values=self._values(case, tell, subject, lineage, now),
            lane=Lane.ESCALATION if calls else Lane.REPLY,
            kind=case.kind,
            matter=matter.id,
            number=matter.number,
            case=case.id,
            prefer=ChannelName(tell.channel) if tell.channel in _CHANNELS else None,
            call=calls,
            silent=hushed,
            by_sms=not hushed or tell.person in answered,
            wait=step.wait if (step := policy.step(tell.step)) else None,
        )

    def is_hushed(self, tell: Tell, now: datetime) -> bool:
        """Whether it need wake nobody: at night, who has it or that it is over."""
        return tell.notice in (Notice.WHO_HAS_IT, Notice.STAND_DOWN) and is_night(now, self._station.zone)

    def _template(self, case: Case, tell: Tell, standing: _Standing, subject: Subject) -> str:
        """The text's name: the kind's own where it has one, else the one for all kinds."""
        if not subject.values:
            return "stand_down_gone"
        if tell.notice is Notice.EXHAUSTED:
            return "exhausted"
        if tell.notice is Notice.HANDED:
            return "handed_to_you"
        if tell.notice in CALLS:
            prefix = "repeat" if tell.notice is Notice.REPEAT else "call"
            return f"{prefix}_{case.kind}{_suffix(case.kind, standing)}"
        if tell.notice is Notice.WHO_HAS_IT and standing.owes and case.kind is Kind.UNSTAFFED:
            return "who_has_it_rostered"
        if tell.notice is Notice.STAND_DOWN and case.outcome == "missed":
            return "stand_down_missed"
        if tell.notice is Notice.STAND_DOWN and case.state is CaseState.CANCELLED:
            return "stand_down_cancelled"
        own = f"{tell.notice}_{case.kind}"
        return own if own in self._names else str(tell.notice)

    def _values(
        self, case: Case, tell: Tell, subject: Subject, lineage: Lineage, now: datetime
    ) -> dict[str, object]:
        if not subject.values:
            # Its rows are gone from the roster: all that can still be said is that it is over.
            return base_values(lineage, tell.person, now)
        person = lineage.people.get(tell.person)
        locale = person.locale if person else self._station.locale
        values = {
            **base_values(lineage, tell.person, now),
            **subject.values,
            **self._progress(case, tell, lineage, locale, now),
            **_whose_doing(tell, lineage),
            "rostered": tell.person in subject.rostered,
            "night": is_night(now, self._station.zone),
        }
        return {**values, "matter_text": self.matter_text(subject.kind, values, locale, now)}

    def matter_text(self, kind: Kind, values: Mapping[str, object], locale: str, now: datetime) -> str:
        """The matter in a few words of that language."""
        rendered = self._station.texts.render(
            f"matter_{kind}",
            channel=ChannelName.TELEGRAM,
            locale=locale,
            values={"site": self._station.site, "name": "", "number": None, **values},
            now=now,
        )
        return rendered.text

    def _progress(
        self, case: Case, tell: Tell, lineage: Lineage, locale: str, now: datetime
    ) -> dict[str, object]:
        holder = case.holder or _last_holder(case, tell)
        held = case.call_to(holder) if holder else None
        silent = [call for call in case.calls if call.state in (CallState.ASKED, CallState.FAILED)]
        return {
            "called": len([call for call in silent if call.person != tell.person]),
            "minutes_open": int((now - case.opened_at).total_seconds() // 60),
            "times": tell.n + 1 if tell.notice is Notice.REPEAT else tell.n,
            "step": tell.step,
            "holder_name": name_of(lineage, holder),
            "holder_title": title_of(holder, lineage, self._station.texts, locale, now),
            "held_at": iso_utc(now) if held else None,
            "hold_until": iso_utc(case.due_at) if case.due_at else None,
            "done_at": iso_utc(case.closed_at) if case.closed_at else None,
            "outcome": case.outcome,
            "next_name": name_of(lineage, _after(case, tell)),
        }


def base_values(lineage: Lineage, person: PersonId | None, now: datetime) -> dict[str, object]:
    """The values that every text about a unit may use, as seen by that person."""
    contact = secretary_or_stand_in(lineage, now)
    known = lineage.people.get(contact) if contact and contact != person else None
    return {
        "unit": lineage.unit.name,
        "town": lineage.units[1].name if len(lineage.units) > 1 else None,
        "contact_name": known.name if known else None,
        "contact_phone": local_phone(known.phone) if known else None,
        "done_by_name": None,
    }


def is_night(now: datetime, zone: ZoneInfo) -> bool:
    """Whether people are asleep, by the civil hour."""
    hour = now.astimezone(zone).hour
    return hour >= NIGHT_BEGINS or hour < NIGHT_ENDS


def local_phone(phone: str | None) -> str | None:
    """A number as people here dial it: mainland numbers without +86, others in full."""
    if phone is None:
        return None
    return phone.removeprefix("+86")


def _whose_doing(tell: Tell, lineage: Lineage) -> dict[str, object]:
    """Who decided what a notice tells of, and why; nothing for what nobody did."""
    return {"giver_name": name_of(lineage, tell.by), "reason": tell.words} if tell.by else {}


def _standing(tell: Tell, policy: Policy, subject: Subject, lineage: Lineage) -> _Standing:
    step = policy.step(tell.step)
    title = step.call if step else DUTY_DESK
    seats = lineage.offices_of(lineage.unit.code)
    own_unit = {seat.person for seat in seats if seat.rank < OUTSIDE_CHAIN}
    return _Standing(
        owes=tell.person in subject.rostered,
        desk=title == DUTY_DESK,
        above=tell.person not in own_unit and tell.person not in subject.rostered,
    )


def _suffix(kind: Kind, standing: _Standing) -> str:
    if kind is Kind.UNSTAFFED:
        if standing.owes:
            return "_rostered"
        if standing.desk:
            return "_desk"
        return "_above" if standing.above else ""
    return "_signer" if kind is Kind.UNSIGNED and standing.owes else ""


def _last_holder(case: Case, tell: Tell) -> PersonId | None:
    """Whom a lapsed or closed case was with, as far as the reader is concerned."""
    if tell.notice in CALLS:
        return None
    lapsed = [call.person for call in case.calls if call.state is CallState.LAPSED]
    return lapsed[-1] if lapsed else None


def _after(case: Case, tell: Tell) -> PersonId | None:
    """Who was called in the same turn in which a holder lapsed."""
    later: list[Call] = [call for call in case.calls if call.person != tell.person]
    return later[-1].person if later and tell.notice is Notice.LAPSED else None


def name_of(lineage: Lineage, person: PersonId | None) -> str | None:
    """That person's name, as far as the lineage knows him."""
    known = lineage.people.get(person) if person else None
    return known.name if known else None


def title_of(
    person: PersonId | None, lineage: Lineage, texts: Catalogue, locale: str, now: datetime
) -> str | None:
    """The office that somebody holds, or acts in, as people of that language say it; None for none."""
    if person is None:
        return None
    acting = [office.title for office in lineage.offices if office.acting_at(now) == person]
    if acting:
        return f"{texts.label('acting', locale)}{texts.label(acting[0], locale)}"
    held = [office.title for office in lineage.offices if office.person == person]
    return texts.label(held[0], locale) if held else None
