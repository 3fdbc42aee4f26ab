"""到岗, 离岗, 请假, 代 NAME 到岗 and what else people say of a shift."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from notifier.domain.case import CallState, Case, Declined, HandedOn, RosterChanged, Verdict
from notifier.domain.chain import secretary_or_stand_in
from notifier.domain.ids import PersonId
from notifier.domain.language.model import Answer, Verb
from notifier.domain.message import Lane
from notifier.domain.policy import Kind
from notifier.domain.presence import Window
from notifier.domain.roster import ChannelName, Person, Post, Shift
from notifier.domain.times import iso_utc
from notifier.engine.arrivals import Arrived
from notifier.engine.case_letters import local_phone
from notifier.engine.intake.answers.basis import Basis, Handler
from notifier.engine.intake.answers.case_answers import CaseAnswers
from notifier.engine.intake.answers.claim_answers import ClaimAnswers
from notifier.engine.intake.answers.naming import named, told_apart
from notifier.engine.intake.standing import Standing
from notifier.engine.intake.visit import Reply, Visit
from notifier.engine.pausing import PauseOrder
from notifier.engine.shifts import WATCH
from notifier.store.rows import LeaveRow, Timer


class ShiftAnswers:
    """Answers to reminders and calls about a shift."""

    def __init__(self, basis: Basis, calls: CaseAnswers) -> None:
        """What is said in a case goes to ``calls``."""
        self._basis = basis
        self._calls = calls
        self._shifts = basis.parts.shifts
        self._arrivals = basis.parts.arrivals
        self._cases = basis.parts.cases
        self._claims = ClaimAnswers(basis)

    def table(self) -> Mapping[Verb, Handler]:
        """What each word does."""
        return {
            **self._calls.table(),
            Verb.ACK: self.acknowledge,
            Verb.HERE: self.here,
            Verb.OFF: self.off,
            Verb.LEAVE: self.leave,
            Verb.ETA: self.on_the_way,
            Verb.PROXY: self.proxy,
            Verb.WITHDRAW: self.withdraw,
            **self._claims.table(),
        }

    async def acknowledge(self, visit: Visit, standing: Standing, answer: Answer) -> list[Reply]:
        """To a call he takes it; to a reminder he only says that he knows, which puts nobody on post."""
        theirs = standing.view.rostered or standing.is_over(visit.now)
        if standing.case is not None or not theirs or standing.shift is None:
            return await self._calls.acknowledge(visit, standing, answer)
        person = standing.person
        await self._shifts.noted(
            visit.tx,
            standing.shift.key,
            "acknowledged",
            person.id,
            visit.actor(person),
            visit.words,
            visit.now,
        )
        await self._basis.remember(visit, standing, Verb.ACK)
        template = "kept_on_acked" if standing.is_over(visit.now) else "reminder_acked"
        return [await self._basis.reply(visit, standing, template)]

    # ── on post, off post ────────────────────────────────────────────────────────────────────────

    async def here(self, visit: Visit, standing: Standing, answer: Answer) -> list[Reply]:
        """He is there. Who was called and is not rostered takes the case first, and staffs it himself."""
        shift, case = _of(standing)[0], standing.case
        if case is not None and case.holder is None and not standing.view.rostered:
            verdict = await self._calls.take(visit, standing, case)
            if verdict is not Verdict.TAKEN:
                return [await self._basis.refuse(visit, standing, verdict)]
        arrived = await self._arrivals.arrive(
            visit.tx, shift, standing.person.id, visit.actor(standing.person), visit.now
        )
        if arrived.window is not Window.OPEN:
            return [await self._basis.reply(visit, standing, _REFUSED[arrived.window], courtesy=True)]
        if arrived.row is None:
            return [await self._basis.reply(visit, standing, "on_post", courtesy=True)]
        await visit.tx.shifts.revoke_leave(standing.person.id, shift.key, visit.now)
        await self._basis.remember(visit, standing, Verb.HERE, **_undoable(shift, arrived))
        return [await self._basis.reply(visit, standing, "on_post")]

    async def off(self, visit: Visit, standing: Standing, answer: Answer) -> list[Reply]:
        """He leaves: where that empties a running post it is a case at once."""
        person = standing.person
        left = await self._arrivals.leave_post(visit.tx, person.id, visit.actor(person), visit.now)
        if left is None:
            return []
        await self._basis.remember(visit, standing, Verb.OFF, row=left.id, shift=left.presence.shift)
        return [await self._basis.reply(visit, standing, "off_post")]

    # ── leave ────────────────────────────────────────────────────────────────────────────────────

    async def leave(self, visit: Visit, standing: Standing, answer: Answer) -> list[Reply]:
        """He will not stand it. Somebody is to find another; in a case the next is called at once."""
        shift, _ = _of(standing)
        person, reason = standing.person, answer.reason or "personal"
        await visit.tx.shifts.add_leave(
            LeaveRow(person=person.id, shift=shift.key, reason=reason, recorded_at=visit.now)
        )
        await self._shifts.noted(
            visit.tx, shift.key, "leave", person.id, visit.actor(person), reason, visit.now
        )
        case = standing.case
        if case is not None:
            await self._leave_case(visit, standing, case)
            if case.holder not in (None, person.id):
                await self._tell_holder(visit, shift, case.holder, person)
        else:
            await self._find_another(visit, standing, shift)
        await self._basis.remember(
            visit, standing, Verb.LEAVE, shift=shift.key, case=case.id if case else None
        )
        return [await self._basis.reply(visit, standing, "leave_noted")]

    async def _leave_case(self, visit: Visit, standing: Standing, case: Case) -> None:
        person, tx, now = standing.person.id, visit.tx, visit.now
        call = case.call_to(person)
        if case.holder == person:
            event = HandedOn(person=person, words=visit.words, channel=visit.channel)
            await self._cases.happen(tx, case.id, event, now)
        elif call is not None and call.state in (CallState.ASKED, CallState.FAILED):
            declined = Declined(person=person, words=visit.words, channel=visit.channel)
            await self._cases.happen(tx, case.id, declined, now)
        else:
            await self._cases.happen(tx, case.id, RosterChanged(), now)

    async def _find_another(self, visit: Visit, standing: Standing, shift: Shift) -> None:
        """The secretary, or who stands in, is asked to find another, unless he himself is the one.

        What he does not see to in time the program does: it looks for cover.
        """
        lineage = await self._basis.parts.station.lineage(
            visit.tx, standing.matter.unit, visit.now, shift=shift.key
        )
        secretary = secretary_or_stand_in(lineage, visit.now)
        covering, absent = self._basis.parts.covering, standing.person.id
        told = secretary if secretary != absent else None
        await covering.leave_taken(visit.tx, shift, absent, told, visit.now)

    async def _tell_holder(self, visit: Visit, shift: Shift, holder: PersonId | None, absent: Person) -> None:
        if holder is not None:
            await self._shifts.tell(
                visit.tx,
                shift,
                [holder],
                "leave_told_case",
                visit.now,
                key=f"leave:{visit.item}:{absent.id}",
                values={"absent_name": absent.name, "absent_phone": local_phone(absent.phone)},
            )

    # ── on the way ───────────────────────────────────────────────────────────────────────────────

    async def on_the_way(self, visit: Visit, standing: Standing, answer: Answer) -> list[Reply]:
        """In a case its clock waits; before there is one, the moment at which it would be opened does."""
        if standing.case is not None:
            return await self._calls.on_the_way(visit, standing, answer)
        shift, _ = _of(standing)
        person = standing.person
        policy = (await self._basis.parts.station.rules.current(visit.tx)).policy(Kind.UNSTAFFED)
        longest = min(timedelta(minutes=answer.minutes or 0), policy.resolve_within)
        until = max(shift.start + policy.grace, visit.now + longest)
        await visit.tx.timers.set(watch_timer(shift, until))
        await self._shifts.noted(
            visit.tx, shift.key, "on_the_way", person.id, visit.actor(person), visit.words, visit.now
        )
        await self._basis.remember(visit, standing, Verb.ETA, shift=shift.key)
        return [await self._basis.reply(visit, standing, "eta_noted", hold_until=iso_utc(until))]

    # ── withdrawn ────────────────────────────────────────────────────────────────────────────────

    async def withdraw(self, visit: Visit, standing: Standing, answer: Answer) -> list[Reply]:
        """撤岗 and why: the post is paused until this shift's end, and its calls end with that.

        By SMS only who was called may say so: who sent it cannot be known for certain.
        """
        shift, post = _of(standing)
        called = standing.case is not None and standing.case.call_to(standing.person.id) is not None
        if visit.channel is ChannelName.SMS and not called:
            return [await self._basis.reply(visit, standing, "withdraw_by_telegram", courtesy=True)]
        if not answer.reason or visit.now >= shift.end:
            return [await self._basis.reply(visit, standing, "withdraw_how", courtesy=True)]
        order = PauseOrder(post=post.code, since=visit.now, until=shift.end, reason=answer.reason)
        by = visit.actor(standing.person)
        await self._basis.parts.pausing.pause(visit.tx, order, by, visit.now)
        await self._basis.remember(visit, standing, Verb.WITHDRAW, shift=shift.key)
        return [
            await self._basis.reply(
                visit, standing, "post_paused", reason=answer.reason, pause_until=iso_utc(shift.end)
            )
        ]

    # ── by proxy ─────────────────────────────────────────────────────────────────────────────────

    async def proxy(self, visit: Visit, standing: Standing, answer: Answer) -> list[Reply]:
        """代 NAME 到岗: anyone of the unit, confirmed by name to the sender and told to the one named."""
        shift, post = _of(standing)
        found = await self._named(visit, post, answer.name or "")
        if len(found) != 1:
            return [
                await self._basis.reply(
                    visit,
                    standing,
                    "which_person",
                    courtesy=True,
                    word=answer.name,
                    names=told_apart(found),
                )
            ]
        [person] = found
        if visit.now >= shift.end:
            return await self._confirm(visit, standing, person)
        arrived = await self._arrivals.arrive(
            visit.tx, shift, person.id, visit.actor(standing.person), visit.now
        )
        if arrived.window is not Window.OPEN:
            return [await self._basis.reply(visit, standing, _REFUSED[arrived.window], courtesy=True)]
        if arrived.row is not None:
            await self._proxied(visit, standing, person, arrived)
        return [
            await self._basis.reply(
                visit, standing, "proxied", courtesy=arrived.row is None, done_by_name=person.name
            )
        ]

    async def _named(self, visit: Visit, post: Post, name: str) -> list[Person]:
        """The people of the post's unit who are meant: by name, or by the id that tells namesakes apart."""
        return named(name, await visit.tx.roster.people_of(post.unit), in_part=True)

    async def _proxied(self, visit: Visit, standing: Standing, person: Person, arrived: Arrived) -> None:
        shift, _ = _of(standing)
        undoable = _undoable(shift, arrived)
        await self._basis.remember(visit, standing, Verb.PROXY, **undoable)
        await self._shifts.tell(
            visit.tx,
            shift,
            [person.id],
            "proxied_told",
            visit.now,
            key=f"proxied:{visit.item}",
            values={
                "at": iso_utc(visit.now),
                "sender_name": standing.person.name,
                "sender_phone": local_phone(standing.person.phone),
            },
            lane=Lane.REPLY,
        )
        own = await visit.tx.matters.find(person.id, standing.topic, shift.key)
        # His too, so that he can say that it is not so.
        await self._basis.remember_of(visit, person, own, Verb.PROXY, **undoable)

    async def _confirm(self, visit: Visit, standing: Standing, person: Person) -> list[Reply]:
        """After the end nobody is put on post any more: that he was there is confirmed, if he said so."""
        return await self._claims.confirm(visit, standing, person)


_REFUSED = {Window.TOO_EARLY: "too_early", Window.TOO_LATE: "too_late"}


def watch_timer(shift: Shift, due_at: datetime) -> Timer:
    """The moment at which a shift with too few on post becomes a case, moved to ``due_at``."""
    return Timer(
        key=f"{WATCH}:{shift.key}", lane=Lane.ESCALATION, due_at=due_at, kind=WATCH, subject=shift.key
    )


def _of(standing: Standing) -> tuple[Shift, Post]:
    if standing.shift is None or standing.post is None:
        raise LookupError("a shift's matter has a shift")
    return standing.shift, standing.post


def _undoable(shift: Shift, arrived: Arrived) -> dict[str, object]:
    return {"row": arrived.row, "moved_from": arrived.moved_from, "shift": shift.key}
