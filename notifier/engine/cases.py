"""Cases, run: load what the rule needs, let it decide, write what it decided. One transaction an event."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from notifier.domain.case import (
    ANSWERED,
    CalledOff,
    CallFailed,
    CallState,
    Case,
    Chain,
    ClockRanOut,
    Decision,
    Done,
    Event,
    HandedTo,
    Opened,
    TakenOver,
    Verdict,
)
from notifier.domain.chain import read_chain
from notifier.domain.effects import CALLS, CancelCalls, Effect, Notice, RaiseAlarm, Record, Tell
from notifier.domain.escalation import step
from notifier.domain.ids import CaseId, MessageId, PersonId
from notifier.domain.message import Lane
from notifier.domain.policy import Kind, Policy, Settings
from notifier.domain.roster import Lineage
from notifier.engine.alarms import ALARM, ALARM_LANE
from notifier.engine.case_letters import CaseLetters, base_values
from notifier.engine.letters import Letter, Letters, Posted
from notifier.engine.station import Station
from notifier.engine.subjects import Subject, Subjects
from notifier.store.rows import JournalLine, Timer
from notifier.store.tx import Tx

CASE_CLOCK = "case_clock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """A case after an event, and whether the event was taken."""

    case: Case
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """All that a decision about one case reads."""

    subject: Subject
    lineage: Lineage
    chain: Chain
    settings: Settings
    policy: Policy


WhenClosed = Callable[[Tx, Case, datetime], Awaitable[None]]
WhenMoved = Callable[[Tx, Case, Case, datetime], Awaitable[None]]
WhenUnanswered = Callable[[Tx, Collection[PersonId], datetime], Awaitable[None]]


class Cases:
    """Opens cases and lets things happen to them."""

    def __init__(self, station: Station, letters: Letters, subjects: Subjects) -> None:
        """Work with the station's rules; ``subjects`` load what each kind is about."""
        self._station = station
        self._letters = letters
        self._subjects = subjects
        self._writer = CaseLetters(station)
        self._when_closed: list[WhenClosed] = []
        self._when_moved: list[WhenMoved] = []
        self._when_unanswered: list[WhenUnanswered] = []

    def when_moved(self, follower: WhenMoved) -> None:
        """Have ``follower`` told, in the same transaction, of every change of a case: (before, after)."""
        self._when_moved.append(follower)

    def when_closed(self, listener: WhenClosed) -> None:
        """Have ``listener`` called, in the same transaction, whenever a case is closed."""
        self._when_closed.append(listener)

    def when_unanswered(self, listener: WhenUnanswered) -> None:
        """Have ``listener`` called, in the same transaction, with those who let a call run out of time."""
        self._when_unanswered.append(listener)

    async def open(self, tx: Tx, kind: Kind, key: str, reason: str, now: datetime) -> Case | None:
        """Open a case and call its first step; the one already open is returned as it is.

        None when there is nothing to be done about the subject any more.
        """
        if (open_case := await tx.cases.open_for(kind, key)) is not None:
            return open_case
        subject = await self._subjects.load(tx, kind, key, now)
        if subject is None or subject.settled or subject.void:
            return None
        previous = await tx.cases.last_for(kind, key)
        settings = await self._station.rules.current(tx)
        case = await tx.cases.open(
            Case(
                id=CaseId(0),
                kind=kind,
                unit=subject.unit,
                subject=key,
                opened_at=now,
                settings_version=settings.version,
                previous=previous.id if previous else None,
            )
        )
        return (await self._decide(tx, case, Opened(reason=reason), now, subject)).case

    async def happen(self, tx: Tx, case_id: CaseId, event: Event, now: datetime) -> Happened:
        """Let something happen to a case. Raises NotFound for an unknown id."""
        case = await tx.cases.get(case_id)
        subject = await self._subjects.load(tx, case.kind, case.subject, now)
        if subject is None and case.is_open and not isinstance(event, CalledOff):
            event = CalledOff(outcome="gone", reason="what it was about is no longer on the roster")
        return await self._decide(tx, case, event, now, subject or Subject.gone(case))

    async def clock(self, tx: Tx, subject: str, now: datetime) -> None:
        """A case's clock has run out; one that was wound up in the meantime is left alone."""
        case_id = CaseId(int(subject))
        case = await tx.cases.get(case_id)
        # A shift may end in the same moment: what is over, or done, is not called for once more.
        await self.settle(tx, case.kind, case.subject, now)
        case = await tx.cases.get(case_id)
        if case.is_open and case.due_at is not None and case.due_at <= now:
            await self.happen(tx, case.id, ClockRanOut(), now)
            silent = [call.person for call in case.calls if call.state is CallState.ASKED]
            for listener in self._when_unanswered if case.kind is not Kind.SILENT and silent else ():
                await listener(tx, silent, now)

    async def settle(self, tx: Tx, kind: Kind, key: str, now: datetime, by: PersonId | None = None) -> None:
        """Close the open case of that subject if it is done, or void, by now; else leave it as it is."""
        case = await tx.cases.open_for(kind, key)
        if case is None:
            return
        subject = await self._subjects.load(tx, kind, key, now)
        if subject is None or subject.void:
            reason = subject.void if subject and subject.void else "gone"
            await self.happen(tx, case.id, CalledOff(outcome=reason, reason=reason), now)
        elif subject.settled:
            await self.happen(
                tx, case.id, Done(outcome=subject.settled, person=by, answered=by is not None), now
            )

    async def chain_of(self, tx: Tx, case: Case, now: datetime) -> Chain:
        """The chain of a case as it stands."""
        subject = await self._subjects.load(tx, case.kind, case.subject, now)
        return (await self._view(tx, case, subject or Subject.gone(case), now)).chain

    async def brief(
        self, tx: Tx, kind: Kind, key: str, reader: PersonId, now: datetime
    ) -> tuple[int, str] | None:
        """A matter as a list names it to ``reader``: his number of it, and a few words. None: it is over."""
        subject = await self._subjects.load(tx, kind, key, now)
        text = await self._in_words(tx, subject, reader, now)
        if subject is None or text is None:
            return None
        [matter] = await tx.matters.ensure([(reader, *subject.topic_for(reader), subject.unit)], now)
        return matter.number, text

    async def in_words(self, tx: Tx, kind: Kind, key: str, reader: PersonId, now: datetime) -> str | None:
        """A matter in a few words of ``reader``'s language, with no number given out. None: it is over."""
        return await self._in_words(tx, await self._subjects.load(tx, kind, key, now), reader, now)

    async def _in_words(self, tx: Tx, subject: Subject | None, reader: PersonId, now: datetime) -> str | None:
        if subject is None or subject.settled or subject.void:
            return None
        lineage = await self._station.lineage(tx, subject.unit, now, also={reader})
        person = lineage.people.get(reader)
        values = {**base_values(lineage, reader, now), **subject.values}
        locale = person.locale if person else self._station.locale
        return self._writer.matter_text(subject.kind, values, locale, now)

    async def _decide(self, tx: Tx, case: Case, event: Event, now: datetime, subject: Subject) -> Happened:
        """Decide and write. A call that cannot be sent to its person fails at once, in the same turn."""
        verdict: Verdict | None = None
        pending: list[Event] = [event]
        while pending:
            happening = pending.pop(0)
            view = await self._view(tx, case, subject, now, _by_hand(happening))
            decision = step(case, happening, view.chain, view.policy, view.settings.quiet, now)
            verdict = verdict or decision.verdict
            case, unsent = await self._write(tx, case, decision, view, now)
            pending += [CallFailed(person=person, reason="no_contact") for person in unsent]
        return Happened(case=case, verdict=verdict or Verdict.TAKEN)

    async def _view(
        self, tx: Tx, case: Case, subject: Subject, now: datetime, also: Collection[PersonId] = ()
    ) -> _View:
        settings = await self._station.rules.at(tx, case.settings_version)
        policy = settings.policy(case.kind)
        named = {*subject.rostered, *case.called, *case.chosen, *also}
        lineage = await self._station.lineage(tx, subject.unit, now, also=named, shift=subject.shift)
        # As of the opening, so that nobody's rest is over while the calls have gone past him.
        rested_since = case.opened_at - settings.policy(Kind.UNSTAFFED).rest
        chain = read_chain(
            policy.steps,
            lineage,
            subject.rostered,
            now=now,
            called=case.called,
            excluded=subject.excluded,
            resting=await tx.presences.came_off(lineage.people, rested_since, but=subject.shift),
            chosen=case.chosen,
            zone=self._station.zone,
        )
        return _View(subject=subject, lineage=lineage, chain=chain, settings=settings, policy=policy)

    async def _write(
        self, tx: Tx, before: Case, decision: Decision, view: _View, now: datetime
    ) -> tuple[Case, list[PersonId]]:
        case = decision.case
        if case != before:
            case = await tx.cases.save(case)
            await self._set_clock(tx, case)
            for follower in self._when_moved:
                await follower(tx, before, case, now)
        for effect in decision.effects:
            if isinstance(effect, CancelCalls):
                await tx.messages.cancel_calls(case.id, effect.person, now)
        posted = await self._tell(tx, case, decision.effects, view, now)
        await self._record(tx, case, decision.effects, posted, len(view.policy.steps), now)
        if not case.is_open:
            await self._close_matters(tx, case, view.subject, now)
            if before.is_open:
                for listener in self._when_closed:
                    await listener(tx, case, now)
        unsent = [
            tell.person
            for tell, post in posted.items()
            if post.message is None and tell.notice in (Notice.CALL, Notice.REPEAT, Notice.HANDED)
        ]
        return case, unsent

    async def _close_matters(self, tx: Tx, case: Case, subject: Subject, now: datetime) -> None:
        """What was asked in this case is asked no more; what a person owes anyway stays open."""
        for person in case.called:
            if person not in subject.keeps_open:
                topic, key = subject.topic_for(person)
                await tx.matters.close(topic, key, now, person=person)

    async def _set_clock(self, tx: Tx, case: Case) -> None:
        key = f"{CASE_CLOCK}:{case.id}"
        if case.due_at is None:
            await tx.timers.drop([key])
            return
        await tx.timers.set(
            Timer(key=key, lane=Lane.ESCALATION, due_at=case.due_at, kind=CASE_CLOCK, subject=str(case.id))
        )

    async def _tell(
        self, tx: Tx, case: Case, effects: Sequence[Effect], view: _View, now: datetime
    ) -> dict[Tell, Posted]:
        tells = [effect for effect in effects if isinstance(effect, Tell)]
        if not tells:
            return {}
        wanted = [(tell.person, *view.subject.topic_for(tell.person), case.unit) for tell in tells]
        matters = await tx.matters.ensure(wanted, now)
        hushed = any(self._writer.is_hushed(tell, now) for tell in tells)
        answered = await self._answered(tx, case) if hushed else frozenset()
        letters: list[Letter] = [
            self._writer.letter(case, tell, matter, view.subject, view.lineage, view.policy, now, answered)
            for tell, matter in zip(tells, matters, strict=True)
        ]
        return dict(zip(tells, await self._letters.post(tx, letters, now), strict=True))

    async def _answered(self, tx: Tx, case: Case) -> frozenset[PersonId]:
        """Everybody who has said something in that case."""
        said = frozenset(call.person for call in case.calls if call.state in ANSWERED)
        return said | await tx.messages.who_answered(case.id)

    async def _record(
        self,
        tx: Tx,
        case: Case,
        effects: Sequence[Effect],
        posted: dict[Tell, Posted],
        steps: int,
        now: datetime,
    ) -> None:
        lines = [line for effect in effects if (line := _line(case, effect, posted, steps, now)) is not None]
        await tx.journal.write(lines)
        for effect in effects:
            if isinstance(effect, RaiseAlarm):
                key = f"{ALARM}:{case.id}:{now.timestamp()}"
                await tx.timers.set(
                    Timer(key=key, lane=ALARM_LANE, due_at=now, kind=ALARM, subject=effect.reason)
                )


def _by_hand(event: Event) -> Collection[PersonId]:
    """Those who are named in what somebody does, wherever they stand."""
    match event:
        case HandedTo(person=person, to=to):
            return {person, to}
        case TakenOver(person=person):
            return {person}
        case _:
            return ()


def _line(
    case: Case, effect: Effect, posted: dict[Tell, Posted], steps: int, now: datetime
) -> JournalLine | None:
    """The journal's line for an effect, if it has one."""
    if isinstance(effect, Record):
        return _entry(case, now, effect.event, effect.person, effect.reason, effect.channel)
    if isinstance(effect, RaiseAlarm):
        return _entry(case, now, "alarm", None, effect.reason, None)
    if isinstance(effect, Tell):
        post = posted[effect]
        event, reason = _told(case, effect, steps)
        if post.message is None and post.letter.silent:
            reason = f"{reason}, left for the morning"
        return _entry(case, now, event, effect.person, reason, post.channel, post.message)
    return None


def _told(case: Case, tell: Tell, steps: int) -> tuple[str, str | None]:
    if tell.notice in CALLS:
        call = case.call_to(tell.person)
        times = tell.n + 1 if tell.notice is Notice.REPEAT else (call.times if call else 1)
        again = tell.step > steps
        step = f"step {tell.step - steps}, second round" if again else f"step {tell.step}"
        place = "exhausted" if tell.notice is Notice.EXHAUSTED else step
        place += ", acting" if tell.acting else ""
        return ("called", place) if times <= 1 else ("repeated", f"{place}, time {times}")
    if tell.notice is Notice.STAND_DOWN:
        return "stood_down", case.outcome
    return "told", tell.notice


def _entry(
    case: Case,
    now: datetime,
    event: str,
    person: PersonId | None,
    reason: str | None,
    channel: str | None,
    message: MessageId | None = None,
) -> JournalLine:
    return JournalLine(
        at=now,
        event=event,
        case=case.id,
        unit=case.unit,
        subject=case.subject,
        person=person,
        channel=channel,
        reason=reason,
        message=message,
    )
