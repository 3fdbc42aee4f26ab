"""What a gap would set going, played in memory: who is called when, by which way, with which words.

Everything is read live, the rule and the texts are the real ones, nobody answers, and nothing is written.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from notifier.domain.case import CallFailed, Case, CaseState, ClockRanOut, Event, Opened
from notifier.domain.chain import read_chain
from notifier.domain.effects import CALLS, Effect, RaiseAlarm, Record, Tell
from notifier.domain.escalation import step
from notifier.domain.ids import CaseId, MatterId, PersonId, UnitCode
from notifier.domain.policy import CASE_KINDS, Kind, Policy, Settings
from notifier.domain.roster import ChannelName, Contact, Lineage
from notifier.domain.times import NO_QUIET, QuietHours
from notifier.engine.case_letters import CaseLetters
from notifier.engine.clock import ManualClock
from notifier.engine.hypotheses import suppose
from notifier.engine.letters import NUMBER, Letter
from notifier.engine.parts import Parts
from notifier.engine.station import Station
from notifier.engine.subjects import Subject
from notifier.errors import InputError, NotFound
from notifier.store.rows import Matter

MOST_TURNS = 500
"""No chain takes so many turns; a policy that did would otherwise be played for ever."""

FIRST_NUMBER = 101


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One thing that would happen. ``event`` is ``called``, ``fallback``, ``told`` or a trace event.

    ``text`` is the whole message, ``reason`` why somebody is passed over. ``at`` is when the message would
    be let out, which in quiet hours is later than the decision.
    """

    at: datetime
    event: str
    step: int
    person: PersonId | None = None
    name: str | None = None
    channel: ChannelName | None = None
    text: str | None = None
    reason: str | None = None


async def simulate(parts: Parts, unit: UnitCode, kind: Kind, at: datetime) -> list[Scene]:
    """Everything that such a gap, opened at ``at`` with nobody answering, would produce, until exhausted.

    Raises NotFound for an unknown unit, InputError where such a gap cannot be in that unit.
    """
    if kind not in CASE_KINDS:
        raise InputError(f"{kind} is no kind of case; use one of {', '.join(CASE_KINDS)}")
    station = parts.station
    async with station.db.read() as tx:
        if await tx.roster.unit(unit) is None:
            raise NotFound(f"there is no unit {unit}; see `notifier export`")
        settings = await station.rules.current(tx)
        subject = await suppose(parts, tx, unit, kind, settings, at)
        lineage = await station.lineage(tx, unit, at, also=subject.rostered, shift=subject.shift)
    return _Play(station, settings, subject, lineage, at).until_exhausted()


@dataclass(slots=True)
class _Told:
    """The numbers that people would have been given so far."""

    numbers: dict[PersonId, int] = field(default_factory=dict)

    def of(self, person: PersonId) -> int:
        return self.numbers.setdefault(person, FIRST_NUMBER + len(self.numbers))


class _Play:
    """One case, opened and left alone."""

    def __init__(
        self, station: Station, settings: Settings, subject: Subject, lineage: Lineage, at: datetime
    ) -> None:
        self._station = station
        self._policy: Policy = settings.policy(subject.kind)
        self._quiet: QuietHours = settings.quiet if self._policy.keeps_quiet else NO_QUIET
        self._subject = subject
        self._lineage = lineage
        self._clock = ManualClock(at)
        self._writer = CaseLetters(station)
        self._told = _Told()
        self._scenes: list[Scene] = []
        self._case = Case(
            id=CaseId(0),
            kind=subject.kind,
            unit=subject.unit,
            subject=subject.key,
            opened_at=at,
            settings_version=settings.version,
        )

    def until_exhausted(self) -> list[Scene]:
        self._happen(Opened(reason=self._subject.reason))
        for _ in range(MOST_TURNS):
            if self._case.state is not CaseState.CALLING or self._case.due_at is None:
                break
            self._clock.set(self._case.due_at)
            self._happen(ClockRanOut())
        return sorted(self._scenes, key=lambda scene: scene.at)

    def _happen(self, event: Event) -> None:
        """As the engine does: somebody whom no channel of the policy reaches fails in the same turn."""
        pending: list[Event] = [event]
        while pending:
            now = self._clock.now()
            chain = read_chain(
                self._policy.steps,
                self._lineage,
                self._subject.rostered,
                now=now,
                called=self._case.called,
                excluded=self._subject.excluded,
                zone=self._station.zone,
            )
            decision = step(self._case, pending.pop(0), chain, self._policy, self._quiet, now)
            self._case = decision.case
            for effect in decision.effects:
                pending += self._show(effect, now)

    def _show(self, effect: Effect, now: datetime) -> Iterable[Event]:
        if isinstance(effect, Tell):
            return self._tell(effect, now)
        if isinstance(effect, Record):
            self._add(now, effect.event, self._case.cursor.step, effect.person, reason=effect.reason)
        if isinstance(effect, RaiseAlarm):
            self._add(now, "alarm", self._case.cursor.step, None, reason=effect.reason)
        return ()

    def _tell(self, tell: Tell, now: datetime) -> Iterable[Event]:
        own = self._lineage.contacts.get(tell.person, ())
        contacts = [c for name in self._policy.channels for c in own if c.channel is name]
        if not contacts:
            return (CallFailed(person=tell.person, reason="no_contact"),)
        letter = self._letter(tell, now)
        at = self._quiet.open_from(now)
        event = "called" if tell.notice in CALLS else "told"
        for contact in _one_a_channel(contacts):
            self._add(at, event, tell.step, tell.person, contact.channel, self._render(letter, contact, now))
            if not letter.call:
                break
            event, at = "fallback", self._quiet.add_open(at, self._fallback_after(letter))
        return ()

    def _fallback_after(self, letter: Letter) -> timedelta:
        after = self._policy.fallback_after
        return after if letter.wait is None else min(after, letter.wait / 2)

    def _letter(self, tell: Tell, now: datetime) -> Letter:
        topic, key = self._subject.topic_for(tell.person)
        matter = Matter(
            id=MatterId(0),
            person=tell.person,
            number=self._told.of(tell.person),
            topic=topic,
            subject=key,
            unit=self._case.unit,
            issued_at=now,
        )
        return self._writer.letter(self._case, tell, matter, self._subject, self._lineage, self._policy, now)

    def _render(self, letter: Letter, contact: Contact, now: datetime) -> str:
        person = self._lineage.people.get(letter.person) if letter.person else None
        sms = contact.channel is ChannelName.SMS
        return self._station.texts.render(
            letter.template,
            channel=contact.channel,
            locale=person.locale if person else self._station.locale,
            values={
                "site": self._station.site,
                "name": person.name if person else "",
                NUMBER: letter.number,
                **letter.values,
            },
            now=now,
            can_reply=not sms or self._station.reach.can_reply(contact.address),
        ).text

    def _add(
        self,
        at: datetime,
        event: str,
        number: int,
        person: PersonId | None,
        channel: ChannelName | None = None,
        text: str | None = None,
        reason: str | None = None,
    ) -> None:
        known = self._lineage.people.get(person) if person else None
        self._scenes.append(
            Scene(
                at=at,
                event=event,
                step=number,
                person=person,
                name=known.name if known else None,
                channel=channel,
                text=text,
                reason=reason,
            )
        )


def _one_a_channel(contacts: Iterable[Contact]) -> list[Contact]:
    """The first contact of each channel, as letters are posted."""
    first: dict[ChannelName, Contact] = {}
    for contact in sorted(contacts, key=lambda c: c.account):
        first.setdefault(contact.channel, contact)
    return [first[name] for name in dict.fromkeys(c.channel for c in contacts)]
