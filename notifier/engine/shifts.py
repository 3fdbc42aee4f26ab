"""Shifts: reminders, the look at who came, what an empty post is about, and what people are told of them.

Who comes and goes is in ``arrivals``, the end of a shift in ``shift_ends``, who is kept on in ``relief``.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from notifier.domain.case import Case
from notifier.domain.chain import secretary_or_stand_in
from notifier.domain.ids import PersonId, ShiftKey
from notifier.domain.message import Lane
from notifier.domain.pausing import Pause, pause_of
from notifier.domain.policy import Kind, Policy
from notifier.domain.roster import Lineage, Post, Shift
from notifier.domain.times import iso_utc
from notifier.engine.case_letters import base_values, local_phone
from notifier.engine.cases import Cases
from notifier.engine.letters import Letter, Letters
from notifier.engine.scenes import Scene, scene_of
from notifier.engine.station import Actor, Station
from notifier.engine.subjects import SHIFT, Subject
from notifier.store.rows import JournalLine
from notifier.store.tx import Tx

REMIND = "remind"
WATCH = "shift_watch"
END = "shift_end"

PAUSED = "paused"
"""The outcome of a case whose post was withdrawn."""

EARLY = timedelta(hours=2)
"""A reminder this long before the shift asks "will you come?", a later one "please come"."""


class Shifts:
    """Everything about standing a shift."""

    def __init__(self, station: Station, letters: Letters, cases: Cases) -> None:
        """Work with the station's letters and cases."""
        self._station = station
        self._letters = letters
        self._cases = cases

    # ── timers ───────────────────────────────────────────────────────────────────────────────────

    async def remind(self, tx: Tx, subject: str, now: datetime) -> None:
        """Remind everybody rostered; ``subject`` is the lead in seconds, a space, the shift's key."""
        lead_s, _, key = subject.partition(" ")
        scene = await scene_of(tx, ShiftKey(key))
        if scene is None or now >= scene.shift.start:
            return
        if await self.pause_of(tx, scene.post, scene.shift.start):
            return
        policy = await self.policy(tx)
        lead = timedelta(seconds=float(lead_s))
        if any(later < lead and scene.shift.start - later <= now for later in policy.remind_before):
            # Found late, together with a later one: that one says it all.
            return
        on_leave = {leave.person for leave in await tx.shifts.leave_of(scene.shift.key)}
        awaited = [p for p in scene.shift.people if p not in on_leave and p not in scene.present]
        template = "reminder_early" if scene.shift.start - now > EARLY else "reminder_late"
        await self.tell(tx, scene.shift, awaited, template, now, key=f"remind:{lead_s}")

    async def watch(self, tx: Tx, subject: str, now: datetime) -> None:
        """The grace is over: a post with too few on it is a case."""
        scene = await scene_of(tx, ShiftKey(subject))
        if scene is None or now >= scene.shift.end or not scene.missing:
            return
        await self.call_for(tx, scene, now)

    async def reopen_if_short(self, tx: Tx, key: ShiftKey, now: datetime) -> None:
        """A running shift with too few on post is a case at once."""
        scene = await scene_of(tx, key)
        if scene is not None and scene.missing and scene.shift.start <= now < scene.shift.end:
            await self.call_for(tx, scene, now)

    # ── the subject of an unstaffed case ─────────────────────────────────────────────────────────

    async def load(self, tx: Tx, key: str, now: datetime) -> Subject | None:
        """What an unstaffed case is about; None when the shift was cancelled."""
        scene = await scene_of(tx, ShiftKey(key))
        if scene is None:
            return None
        absent = [p for p in scene.shift.people if p not in scene.present]
        known = await tx.roster.people({*absent, *scene.present})
        latest = scene.there[-1].presence if scene.there else None
        came = known.get(latest.person) if latest else None
        missing_one = known.get(absent[0]) if absent else None
        return Subject(
            kind=Kind.UNSTAFFED,
            key=key,
            unit=scene.post.unit,
            topic=SHIFT,
            topic_of_others=SHIFT,
            rostered=tuple(absent),
            keeps_open=frozenset(scene.shift.people) | scene.present,
            shift=scene.shift.key,
            values={
                **shift_values(scene.shift, scene.post, await self.policy(tx)),
                "partners": [],
                "missing": scene.missing,
                "on_post": len(scene.present),
                "kept_on": len(scene.kept_on),
                "absent_name": missing_one.name if missing_one else None,
                "absent_phone": local_phone(missing_one.phone) if missing_one else None,
                "absent_count": len(absent),
                "done_by_name": came.name if came else None,
            },
            settled="staffed" if not scene.missing else None,
            void=await self.void(tx, scene, now),
            reason=scene.in_short,
        )

    async def void(self, tx: Tx, scene: Scene, now: datetime) -> str | None:
        """Why nobody need come any more: the shift is over, or its post given up while it ran."""
        if now >= scene.shift.end:
            return "missed"
        kept = {post.code for post in await tx.roster.posts_of(scene.post.unit)}
        if scene.post.code not in kept:
            return "gone"
        return PAUSED if await self.pause_of(tx, scene.post, now) else None

    # ── telling ──────────────────────────────────────────────────────────────────────────────────

    async def tell(
        self,
        tx: Tx,
        shift: Shift,
        people: Iterable[PersonId],
        template: str,
        now: datetime,
        *,
        key: str,
        values: Mapping[str, object] | None = None,
        lane: Lane = Lane.DUTY,
    ) -> None:
        """Tell these people something about a shift, each under his own number of that matter."""
        listed = list(people)
        post = await tx.roster.post(shift.post)
        if post is None or not listed:
            return
        lineage = await self._station.lineage(
            tx, post.unit, now, also={*listed, *shift.people}, shift=shift.key
        )
        matters = await tx.matters.ensure([(p, SHIFT, shift.key, post.unit) for p in listed], now)
        common = shift_values(shift, post, await self.policy(tx))
        # Who is rung in case of need is the same for all of them but for himself.
        contact = secretary_or_stand_in(lineage, now)
        seen_by_all, seen_by_contact = (base_values(lineage, reader, now) for reader in (None, contact))
        letters = [
            Letter(
                key=f"{key}:{shift.key}:{person}",
                person=person,
                template=template,
                values={
                    **(seen_by_contact if person == contact else seen_by_all),
                    **common,
                    "partners": _partners(shift, person, lineage),
                    "rostered": person in shift.people,
                    **(values or {}),
                },
                lane=lane,
                kind=Kind.UNSTAFFED,
                matter=matter.id,
                number=matter.number,
            )
            for person, matter in zip(listed, matters, strict=True)
        ]
        await self._letters.post(tx, letters, now)

    async def noted(
        self,
        tx: Tx,
        key: ShiftKey,
        event: str,
        person: PersonId,
        by: Actor,
        reason: str | None,
        now: datetime,
    ) -> None:
        """Write down what somebody did about a shift, in its open case where there is one."""
        scene = await scene_of(tx, key)
        if scene is not None:
            await self.journal(tx, scene, event, person, by.channel, reason, now)

    async def journal(
        self,
        tx: Tx,
        scene: Scene,
        event: str,
        person: PersonId | None,
        channel: str | None,
        reason: str | None,
        now: datetime,
    ) -> None:
        """Write a line about the scene's shift, in its open case where there is one."""
        case = await tx.cases.open_for(Kind.UNSTAFFED, scene.shift.key)
        line = JournalLine(
            at=now,
            event=event,
            case=case.id if case else None,
            unit=scene.post.unit,
            subject=scene.shift.key,
            person=person,
            channel=channel,
            reason=reason,
        )
        await tx.journal.write([line])

    async def pause_of(self, tx: Tx, post: Post, at: datetime) -> Pause | None:
        """The pause that keeps that post quiet at ``at``, as far as is known now."""
        standing = await tx.pauses.standing(at)
        if not standing:
            return None
        above = [unit.code for unit in await tx.roster.path(post.unit)]
        return pause_of(post.code, above, standing, at)

    async def call_for(self, tx: Tx, scene: Scene, now: datetime) -> Case | None:
        """Too few are on post: that is a case, open already or not. None for a post that nobody need keep."""
        return await self._cases.open(tx, Kind.UNSTAFFED, scene.shift.key, scene.in_short, now)

    async def is_put_off(self, tx: Tx, shift: Shift) -> bool:
        """Whether somebody is known to be on his way, and is waited for longer than the grace."""
        due = await tx.timers.pending_at(f"{WATCH}:{shift.key}")
        return due is not None and due > shift.start + (await self.policy(tx)).grace

    async def policy(self, tx: Tx) -> Policy:
        """The rules for posts that are in force."""
        return (await self._station.rules.current(tx)).policy(Kind.UNSTAFFED)


async def is_closed(tx: Tx, key: ShiftKey) -> bool:
    """Whether the shift's end has been seen to: by another process's clock, maybe before it is by ours.

    Who came to it after that would be on post for ever, and count in every shift that follows.
    """
    return await tx.timers.is_done(f"{END}:{key}")


def shift_values(shift: Shift, post: Post, policy: Policy) -> dict[str, object]:
    """What every text about a shift may say."""
    return {
        "post": post.name,
        "start": iso_utc(shift.start),
        "end": iso_utc(shift.end),
        "headcount": post.headcount,
        "checkin_from": iso_utc(shift.start - policy.checkin_from),
        "partners": [],
        "missing": 0,
        "on_post": 0,
        "kept_on": 0,
        "absent_name": None,
        "absent_phone": None,
        "absent_count": 0,
    }


def _partners(shift: Shift, person: PersonId, lineage: Lineage) -> list[str]:
    return [lineage.people[p].name for p in shift.people if p != person and p in lineage.people]
