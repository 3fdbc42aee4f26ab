"""Commendations and notices: everybody once, in the bulk lane; relayed by each village's secretary."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from notifier.domain.audience import parse_audience
from notifier.domain.ids import BroadcastId, PersonId
from notifier.domain.message import Button, Lane
from notifier.domain.policy import Kind
from notifier.engine.letters import Letter, Letters
from notifier.engine.relays import CANCELLED, Relays, get_broadcast
from notifier.engine.station import Actor, Station
from notifier.errors import InputError
from notifier.store.rows import Broadcast, JournalLine, Timer
from notifier.store.tx import Tx

RELEASE = "broadcast_release"
DEADLINE = "broadcast_deadline"
STOP = "broadcast_stop"

RESUME_AFTER = timedelta(minutes=1)
"""How long whoever stops a broadcast may take before the watch goes on with it."""

CHUNK = 500
"""Recipients written, or released, in one transaction: short enough that no call is late behind it."""

WRITTEN, STOPPED = "broadcast_written", "broadcast_cancelled"
"""What the journal keeps of one, and by whom."""

SHELL = Actor(person=None, channel="shell")
"""Whoever has a shell."""

PREPARING, SCHEDULED, SENDING, DONE = "preparing", "scheduled", "sending", "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A broadcast as somebody wants it sent. Of two with the same ``token`` only the first is sent."""

    kind: Kind
    title: str
    body: str
    audience: tuple[str, ...]
    author: PersonId | None
    relay: bool
    reply_by: timedelta | None
    start_at: datetime | None
    token: str | None = None
    channel: str = "shell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A broadcast that is written down, and who is still to be addressed."""

    id: BroadcastId
    people: tuple[PersonId, ...]


class Broadcasts:
    """Sends broadcasts and keeps their relays."""

    def __init__(self, station: Station, letters: Letters, relays: Relays) -> None:
        """Work with the station's letters; ``relays`` keeps what each unit owes."""
        self._station = station
        self._letters = letters
        self._relays = relays

    # ── preparing ────────────────────────────────────────────────────────────────────────────────

    async def recipients(self, tx: Tx, audience: Sequence[str], now: datetime) -> list[PersonId]:
        """Everybody meant, once each. Raises InputError for an expression that means nobody."""
        try:
            meant = parse_audience(audience)
        except ValueError as error:
            raise InputError(f"--to: {error}") from None
        people = await tx.roster.audience(meant, now)
        if not people:
            raise InputError(
                f"--to {' '.join(audience)} means nobody; check the codes with `notifier export`"
            )
        return people

    async def prepare(self, order: Order, now: datetime, progress: Callable[[int], None]) -> BroadcastId:
        """Freeze the audience, one row a recipient, and hand the broadcast to the scheduler.

        Nothing goes out before the last row is written; if this process dies on the way, nothing ever
        does, and the house cancels what was begun.
        """
        begun = await self.begin(order, now)
        await self.fill(begun, progress)
        return begun.id

    async def begin(self, order: Order, now: datetime) -> Begun:
        """Write the broadcast down, with nobody addressed yet. Raises InputError as ``recipients`` does.

        For a token that was used before it is the broadcast of then, with nobody left to address.
        """
        async with self._station.db.read() as tx:
            people = await self.recipients(tx, order.audience, now)
        async with self._station.db.write() as tx:
            return await self.write_down(tx, order, people, now)

    async def write_down(self, tx: Tx, order: Order, people: Sequence[PersonId], now: datetime) -> Begun:
        """The same for these recipients, in the caller's transaction; ``fill`` follows when it is over."""
        await tx.cases.decide_alone()
        before = await _of_token(tx, order)
        if before is not None:
            return Begun(id=before, people=())
        broadcast = await tx.broadcasts.create(_begun(order, now, order.start_at or now))
        await tx.journal.write([_written(order, broadcast.id, now)])
        return Begun(id=broadcast.id, people=tuple(people))

    async def fill(self, begun: Begun, progress: Callable[[int], None]) -> None:
        """Address everybody and hand the broadcast to the scheduler, unless it is cancelled meanwhile."""
        people = begun.people
        if not people:
            return
        for first in range(0, len(people), CHUNK):
            async with self._station.db.write() as tx:
                broadcast = await get_broadcast(tx, str(begun.id))
                if broadcast.state != PREPARING:
                    return
                await self._address(tx, broadcast, people[first : first + CHUNK], broadcast.start_at)
            progress(min(first + CHUNK, len(people)))
        async with self._station.db.read() as tx:
            broadcast = await get_broadcast(tx, str(begun.id))
            relays = await self._relays.list_units(tx, broadcast, people) if broadcast.relay else []
        async with self._station.db.write() as tx:
            if not await tx.broadcasts.set_state(broadcast.id, SCHEDULED, only_from=[PREPARING]):
                return
            await tx.broadcasts.put_relays(relays)
            await self._set_timers(tx, broadcast)
            await tx.signals.ring()

    async def _address(self, tx: Tx, broadcast: Broadcast, people: Sequence[PersonId], now: datetime) -> None:
        known = await tx.roster.people(people)
        units = await tx.roster.units()
        letters = []
        for person in people:
            unit = units[known[person].unit]
            town = units.get(unit.parent) if unit.parent else None
            letters.append(
                Letter(
                    key=f"broadcast:{broadcast.id}:{person}",
                    person=person,
                    template=str(broadcast.kind),
                    values={
                        "unit": unit.name,
                        "town": town.name if town else None,
                        "title": broadcast.title,
                        "body": broadcast.body,
                        "broadcast": broadcast.id,
                    },
                    lane=Lane.BULK,
                    kind=Kind(broadcast.kind),
                    broadcast=broadcast.id,
                    keyboard=(
                        (
                            Button(
                                self._station.texts.label("ack", known[person].locale), f"seen:{broadcast.id}"
                            ),
                        ),
                    ),
                    released=False,
                )
            )
        await self._letters.post(tx, letters, now)

    async def _set_timers(self, tx: Tx, broadcast: Broadcast) -> None:
        subject = str(broadcast.id)
        timers = [_timer(RELEASE, Lane.BULK, broadcast.start_at, subject)]
        if broadcast.relay and broadcast.reply_by is not None:
            timers.append(_timer(DEADLINE, Lane.DUTY, broadcast.reply_by, subject))
        await tx.timers.plan(timers)

    # ── sending ──────────────────────────────────────────────────────────────────────────────────

    async def release(self, tx: Tx, subject: str, now: datetime) -> None:
        """Let the next set of messages go, after the quiet hours that its kind keeps; then ask the relays."""
        broadcast = await get_broadcast(tx, subject)
        if broadcast.state not in (SCHEDULED, SENDING):
            return
        await tx.broadcasts.set_state(broadcast.id, SENDING)
        settings = await self._station.rules.current(tx)
        keeps_quiet = settings.policy(Kind(broadcast.kind)).keeps_quiet
        may_go = settings.quiet.open_from(now) if keeps_quiet else now
        if await tx.messages.release_broadcast(broadcast.id, may_go, CHUNK) == CHUNK:
            await tx.timers.set(_timer(RELEASE, Lane.BULK, now, subject))
            return
        await self._relays.ask(tx, subject, now)

    # ── stopping ─────────────────────────────────────────────────────────────────────────────────

    async def stop(self, broadcast_id: BroadcastId, by: Actor = SHELL) -> int:
        """Cancel what has not gone out, and the relays' cases; returns how many messages were stopped.

        By short sets; if this process dies amid them, the watch goes on. Raises NotFound, and InputError
        for one that is cancelled already.
        """
        station = self._station
        async with station.db.write() as tx:
            broadcast = await get_broadcast(tx, str(broadcast_id))
            if broadcast.state == CANCELLED:
                raise InputError(f"broadcast {broadcast_id} is cancelled already")
            await self._decide_to_stop(tx, broadcast.id, station.now() + RESUME_AFTER * station.clock.speed)
            await tx.journal.write([_line(STOPPED, broadcast.id, by, station.now())])
        stopped, subject = 0, str(broadcast_id)
        while True:
            async with station.db.write() as tx:
                some, further = await self._stop_some(tx, subject, station.now())
                stopped += some
                if further is None:
                    await tx.timers.drop([f"{STOP}:{broadcast_id}"])
                    await tx.signals.ring()
                    return stopped
                subject = further

    async def go_on_stopping(self, tx: Tx, subject: str, now: datetime) -> None:
        """Cancel the next set of a broadcast that was stopped by a process that died over it."""
        _, further = await self._stop_some(tx, subject, now)
        if further is not None:
            await self._stop_at(tx, further, now)

    async def cancel_abandoned(self, before: datetime, now: datetime) -> None:
        """Cancel broadcasts whose preparation was cut short: nobody can know what was meant to follow."""
        async with self._station.db.write() as tx:
            for broadcast in await tx.broadcasts.abandoned(before):
                await self._decide_to_stop(tx, broadcast.id, now)

    async def _decide_to_stop(self, tx: Tx, broadcast: BroadcastId, now: datetime) -> None:
        await tx.broadcasts.set_state(broadcast, CANCELLED)
        await self._stop_at(tx, str(broadcast), now)
        await tx.signals.ring()

    async def _stop_at(self, tx: Tx, subject: str, due_at: datetime) -> None:
        timer = _timer(STOP, Lane.DUTY, due_at, subject)
        await tx.timers.set(replace(timer, key=f"{STOP}:{subject.partition(':')[0]}"))

    async def _stop_some(self, tx: Tx, subject: str, now: datetime) -> tuple[int, str | None]:
        """One set of messages, then of units; how many messages, and what to go on with (None: all done)."""
        number, in_units, _ = subject.partition(":")
        if not in_units:
            stopped = await tx.messages.cancel_broadcast(BroadcastId(int(number)), now)
            return stopped, subject if stopped else f"{number}:"
        return 0, await self._relays.close(tx, subject, now)


def progress_state(broadcast: Broadcast, states: Counter[str]) -> str:
    """A broadcast's state as its messages show it: sending is over when none is left to go."""
    if broadcast.state == SENDING and not states["queued"] and not states["sending"]:
        return DONE
    return broadcast.state


async def _of_token(tx: Tx, order: Order) -> BroadcastId | None:
    """The broadcast that this author's order of that token became, if it did."""
    if order.token is None or order.author is None:
        return None
    lines = await tx.journal.of_people([order.author], f"order:{order.token}", [WRITTEN])
    return BroadcastId(int(lines[0].reason or 0)) if lines else None


def _written(order: Order, broadcast: BroadcastId, now: datetime) -> JournalLine:
    by = Actor(person=order.author, channel=order.channel)
    line = _line(WRITTEN, broadcast, by, now)
    return replace(line, subject=f"order:{order.token}", reason=str(broadcast)) if order.token else line


def _line(event: str, broadcast: BroadcastId, by: Actor, now: datetime) -> JournalLine:
    subject = f"broadcast:{broadcast}"
    return JournalLine(at=now, event=event, subject=subject, person=by.person, channel=by.channel)


def _begun(order: Order, now: datetime, start: datetime) -> Broadcast:
    return Broadcast(
        id=BroadcastId(0),
        kind=order.kind,
        title=order.title,
        body=order.body,
        author=order.author,
        audience=order.audience,
        relay=order.relay,
        state=PREPARING,
        created_at=now,
        start_at=start,
        reply_by=start + order.reply_by if order.reply_by is not None else None,
    )


def _timer(kind: str, lane: Lane, due_at: datetime, subject: str) -> Timer:
    return Timer(key=f"{kind}:{subject}", lane=lane, due_at=due_at, kind=kind, subject=subject)
