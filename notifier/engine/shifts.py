"""Shifts, run: reminders, who is on post, and what an empty post starts."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from notifier.domain import presence
from notifier.domain.chain import secretary_or_stand_in
from notifier.domain.ids import PersonId, PostCode, ShiftKey
from notifier.domain.message import Lane
from notifier.domain.pausing import Pause, pause_of
from notifier.domain.policy import Kind, Policy
from notifier.domain.presence import Window
from notifier.domain.roster import Lineage, Post, PresenceEnd, Shift
from notifier.domain.times import iso_utc
from notifier.engine.case_letters import base_values, local_phone
from notifier.engine.cases import Cases
from notifier.engine.letters import Letter, Letters
from notifier.engine.station import Actor, Station
from notifier.engine.subjects import DESK, SHIFT, Subject
from notifier.store.rows import JournalLine, PresenceRow
from notifier.store.tx import Tx

REMIND = "remind"
WATCH = "shift_watch"
END = "shift_end"

PAUSED = "paused"
"""The outcome of a case whose post was withdrawn."""

EARLY = timedelta(hours=2)
"""A reminder this long before the shift asks "will you come?", a later one "please come"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """What came of a check-in. ``row`` is the presence it began; None when nothing was to be changed."""

    window: Window
    row: int | None = None
    moved_from: int | None = None


WhenArrived = Callable[[Tx, Shift, PersonId, datetime], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scene:
    shift: Shift
    post: Post
    there: tuple[PresenceRow, ...]

    @property
    def present(self) -> frozenset[PersonId]:
        return presence.on_post(self.post, (row.presence for row in self.there))

    @property
    def missing(self) -> int:
        return presence.missing(self.post, (row.presence for row in self.there))


class Shifts:
    """Everything about standing a shift."""

    def __init__(self, station: Station, letters: Letters, cases: Cases) -> None:
        """Work with the station's letters and cases."""
        self._station = station
        self._letters = letters
        self._cases = cases
        self._when_arrived: list[WhenArrived] = []

    def when_arrived(self, listener: WhenArrived) -> None:
        """Have ``listener`` called, in the same transaction, whenever somebody has come for a shift."""
        self._when_arrived.append(listener)

    # ── timers ───────────────────────────────────────────────────────────────────────────────────

    async def remind(self, tx: Tx, subject: str, now: datetime) -> None:
        """Remind everybody rostered; ``subject`` is the lead in seconds, a space, the shift's key."""
        lead_s, _, key = subject.partition(" ")
        scene = await self._scene(tx, ShiftKey(key))
        if scene is None or now >= scene.shift.start:
            return
        if await self.pause_of(tx, scene.post, scene.shift.start):
            return
        policy = await self._policy(tx)
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
        scene = await self._scene(tx, ShiftKey(subject))
        if scene is None or now >= scene.shift.end or not scene.missing:
            return
        await self._open(tx, scene, now)

    async def close_shift(self, tx: Tx, key: ShiftKey, now: datetime) -> list[PersonId]:
        """The shift is over: who goes on is carried over, an open case ends as missed, matters close.

        Returns those who were on post in it, who may owe a list.
        """
        scene = await self._scene(tx, key)
        if scene is None:
            return []
        shift = scene.shift
        were_there = await tx.presences.during(key)
        following = await tx.shifts.following(shift)
        change = presence.at_shift_end(shift, following, (row.presence for row in scene.there))
        for row in scene.there:
            if row.presence in change.stay and following is not None:
                await tx.presences.carry(row.id, following)
            elif row.presence in change.end:
                await tx.presences.end(row.id, shift.end, PresenceEnd.SHIFT_END)
        await self._cases.settle(tx, Kind.UNSTAFFED, key, now)
        await tx.matters.close(SHIFT, key, now)
        await tx.matters.close(DESK, key, now)
        people = list(dict.fromkeys(row.presence.person for row in were_there))
        reason = f"{len(people)} of {scene.post.headcount} were on post"
        await self._journal(tx, scene, "shift_over", None, None, reason, now)
        if change.end:
            await self._watch_what_runs(tx, shift.post, now)
        return people

    async def _watch_what_runs(self, tx: Tx, post: PostCode, now: datetime) -> None:
        """After an outage a shift may be watched before the one ahead of it ends, and count its people."""
        grace = (await self._policy(tx)).grace
        for shift in await tx.shifts.running(post, now):
            if shift.start + grace <= now:
                await self.watch(tx, shift.key, now)

    # ── what people do ───────────────────────────────────────────────────────────────────────────

    async def arrive(self, tx: Tx, shift: Shift, person: PersonId, by: Actor, now: datetime) -> Arrived:
        """Somebody is on post: outside the window nothing changes; a post that is full closes its case."""
        policy = await self._policy(tx)
        window = presence.window_at(shift, now, policy.checkin_from)
        if window is Window.OPEN and await self._is_closed(tx, shift.key):
            window = Window.TOO_LATE
        if window is not Window.OPEN:
            return Arrived(window=window)
        current = await tx.presences.of_person(person)
        arrival = presence.arrive(
            current.presence if current else None, shift, person, now, by.channel, by.person or person
        )
        if arrival.begins is None:
            return Arrived(window=window)
        if current is not None and arrival.why is not None:
            await tx.presences.end(current.id, now, arrival.why)
        row = await tx.presences.arrive(arrival.begins)
        reason = None if by.person in (None, person) else f"by proxy of {by.person}"
        await self.noted(tx, shift.key, "on_post", person, by, reason, now)
        await self._cases.settle(tx, Kind.UNSTAFFED, shift.key, now, person)
        moved = current if current is not None and arrival.why is PresenceEnd.MOVED else None
        if moved is not None:
            await self.reopen_if_short(tx, moved.presence.shift, now)
        for listener in self._when_arrived:
            await listener(tx, shift, person, now)
        return Arrived(window=window, row=row, moved_from=moved.id if moved else None)

    async def leave_post(self, tx: Tx, person: PersonId, by: Actor, now: datetime) -> PresenceRow | None:
        """Somebody leaves: where that empties a running post, it is a case at once. None: was on none."""
        current = await tx.presences.of_person(person)
        if current is None:
            return None
        await tx.presences.end(current.id, now, PresenceEnd.LEFT)
        await self.noted(tx, current.presence.shift, "off_post", person, by, None, now)
        await self.reopen_if_short(tx, current.presence.shift, now)
        return current

    async def undo_arrival(self, tx: Tx, row: int, moved_from: int | None, now: datetime) -> None:
        """As if he had not come: where he was before, he is again."""
        gone = await tx.presences.get(row)
        await tx.presences.end(row, now, PresenceEnd.UNDONE)
        if moved_from is not None:
            await self._reopen(tx, moved_from)
        if gone is not None:
            await self.reopen_if_short(tx, gone.presence.shift, now)

    async def undo_leaving(self, tx: Tx, row: int, now: datetime) -> None:
        """As if he had not left."""
        back = await tx.presences.get(row)
        if back is not None and await self._reopen(tx, row):
            await self._cases.settle(tx, Kind.UNSTAFFED, back.presence.shift, now, back.presence.person)

    async def _reopen(self, tx: Tx, row: int) -> bool:
        """Have somebody be on post again, unless nobody would ever end that: his shift is closed."""
        was = await tx.presences.get(row)
        if was is None or await self._is_closed(tx, was.presence.shift):
            return False
        return await tx.presences.reopen(row)

    async def _is_closed(self, tx: Tx, key: ShiftKey) -> bool:
        """Whether the shift's end has been seen to: by another process's clock, maybe before it is by ours.

        Who came to it after that would be on post for ever, and count in every shift that follows.
        """
        return await tx.timers.is_done(f"{END}:{key}")

    async def reopen_if_short(self, tx: Tx, key: ShiftKey, now: datetime) -> None:
        """A running shift with too few on post is a case at once."""
        scene = await self._scene(tx, key)
        if scene is not None and scene.missing and scene.shift.start <= now < scene.shift.end:
            await self._open(tx, scene, now)

    # ── the subject of an unstaffed case ─────────────────────────────────────────────────────────

    async def load(self, tx: Tx, key: str, now: datetime) -> Subject | None:
        """What an unstaffed case is about; None when the shift was cancelled."""
        scene = await self._scene(tx, ShiftKey(key))
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
                **shift_values(scene.shift, scene.post, await self._policy(tx)),
                "partners": [],
                "missing": scene.missing,
                "on_post": len(scene.present),
                "absent_name": missing_one.name if missing_one else None,
                "absent_phone": local_phone(missing_one.phone) if missing_one else None,
                "absent_count": len(absent),
                "done_by_name": came.name if came else None,
            },
            settled="staffed" if not scene.missing else None,
            void=await self._void(tx, scene, now),
            reason=_short(scene),
        )

    async def _void(self, tx: Tx, scene: _Scene, now: datetime) -> str | None:
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
        common = shift_values(shift, post, await self._policy(tx))
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
        scene = await self._scene(tx, key)
        if scene is not None:
            await self._journal(tx, scene, event, person, by.channel, reason, now)

    async def _journal(
        self,
        tx: Tx,
        scene: _Scene,
        event: str,
        person: PersonId | None,
        channel: str | None,
        reason: str | None,
        now: datetime,
    ) -> None:
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

    async def _open(self, tx: Tx, scene: _Scene, now: datetime) -> None:
        # A post that is paused is void, and opens no case.
        await self._cases.open(tx, Kind.UNSTAFFED, scene.shift.key, _short(scene), now)

    async def _scene(self, tx: Tx, key: ShiftKey) -> _Scene | None:
        shift = await tx.shifts.get(key)
        post = await tx.roster.post(shift.post) if shift else None
        if shift is None or post is None:
            return None
        return _Scene(shift=shift, post=post, there=tuple(await tx.presences.on_post(shift.post)))

    async def _policy(self, tx: Tx) -> Policy:
        return (await self._station.rules.current(tx)).policy(Kind.UNSTAFFED)


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
        "absent_name": None,
        "absent_phone": None,
        "absent_count": 0,
    }


def _partners(shift: Shift, person: PersonId, lineage: Lineage) -> list[str]:
    return [lineage.people[p].name for p in shift.people if p != person and p in lineage.people]


def _short(scene: _Scene) -> str:
    return f"{len(scene.present)} of {scene.post.headcount} on post"
