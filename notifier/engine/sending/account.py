"""One account: a bot, or an SMS sender. Its budget is spent here and nowhere else while the lease is held.

Claimed rows wait in a small buffer; the most urgent whose chat is at rest goes next, when the budget allows.
Intention, commit, network, outcome: in that order.
"""

import asyncio
import time
from collections.abc import Awaitable
from contextlib import suppress

import structlog

from notifier.channels.ports import Sender, Settler
from notifier.domain import sms
from notifier.domain.ids import MessageId
from notifier.domain.message import AnyChannel, Lane
from notifier.domain.pacing import ChatPacer, LanePicker, Pacer
from notifier.domain.roster import ChannelName
from notifier.engine.listing import ListWriter
from notifier.engine.loops import may_be_traced
from notifier.engine.metrics import Metrics
from notifier.engine.sending.buffer import Buffer
from notifier.engine.sending.calling import Caller
from notifier.engine.sending.settling import Settling
from notifier.engine.station import Station
from notifier.engine.tenure import Tenure
from notifier.errors import CarrierError, Verdict
from notifier.store.rows import StoredMessage

log = structlog.get_logger(__name__)

IN_FLIGHT = 200
"""Calls to a carrier at once from one account: at 50 ms a call, 4,000 a second."""

WIDEST_WINDOW = 1000
"""Rows claimed ahead where no rate limits them: less than what goes in half a second."""

IDLE_S = 1.0
"""How long an idle account sleeps without being woken."""

REST_S = 1.1
"""After its last call an account rests so long before it is handed on: by then every chat has rested."""

ADOPT_EVERY_S = 10.0
"""How often an account looks for what is being sent under the fence of an earlier owner."""

ANSWER = "answer:"
"""What the keys of answers to a chat's own words begin with."""

_LANES = tuple(Lane)
URGENT = (Lane.ESCALATION, Lane.REPLY)
PATIENT = (Lane.DUTY, Lane.BULK)


class Account:
    """Sends one account's messages while its lease is held."""

    def __init__(
        self,
        station: Station,
        channel: AnyChannel,
        name: str,
        sender: Sender,
        tenure: Tenure,
        settling: Settling,
        metrics: Metrics,
        *,
        rate: float,
        chats: ChatPacer,
        settler: Settler | None = None,
    ) -> None:
        """``rate`` is messages (segments, for SMS) a second; 0 is no limit.

        ``settler`` can be asked what became of a message whose outcome is unknown.
        """
        self.channel = channel
        self.name = name
        self._station = station
        self._lists = ListWriter(station)
        self._caller = Caller(station, sender, settling, settler)
        self._tenure = tenure
        self._settling = settling
        self._metrics = metrics
        self._rate = rate
        self._pacer = Pacer(rate, time.monotonic())
        self._chats = chats
        self._picker = LanePicker()
        self._buffer = Buffer()
        self._flights: set[asyncio.Task[None]] = set()
        self._short = asyncio.Event()
        """The loop has something to do: too little is claimed, or nothing is under way any more."""
        self._seconds = metrics.carrier_seconds.labels(channel=channel)
        self._fence = 0
        self._unsure: list[MessageId] = []
        """Claimed, it may be, in a transaction whose end was never heard of."""
        self._more = False
        """Whether more was queued than the last claim took."""
        self._rested_at = 0.0
        self._adopts_at = 0.0
        self.trouble: str | None = None
        """The carrier's last complaint, as a code; None once it took something again."""

    @property
    def sends(self) -> bool:
        """Whether this process sends for it now."""
        return self._tenure.held

    @property
    def window(self) -> int:
        """Rows claimed ahead, urgent or patient: each half of what the budget releases in a second.

        So a crash leaves few outcomes unknown.
        """
        return max(1, min(WIDEST_WINDOW, int(self._rate / 2))) if self._rate else WIDEST_WINDOW

    async def turn(self) -> bool:
        """Claim, and start every send that may go now. True when something was started."""
        # Before looking, so that what falls short from here on ends the pause after this turn.
        self._short.clear()
        if self._tenure.leaving:
            await self._hand_over()
            return False
        if not self._tenure.held:
            # While it may be ours again, what is claimed stays claimed: nobody else can have touched it.
            if not self._tenure.fence:
                await self._give_back_claims()
            return False
        if self._fence != self._tenure.fence:
            await self._take_over()
        if time.monotonic() >= self._adopts_at:
            await self._adopt_orphans()
        await self._give_back_unsure()
        await self._settling.flush_if_due(idle=not self._flights)
        if self._pacer.paused_until > time.monotonic():
            # The carrier may have us wait for minutes: by then what is claimed may be answered, or stale.
            await self._give_back_claims()
            return False
        await self._claim()
        return self._start_all()

    async def pause(self) -> None:
        """Until the next send may go, too little is claimed or under way, or something new is queued."""
        now = time.monotonic()
        seconds = self._settling.seconds_to_flush(now, IDLE_S)
        if self._pacer.paused_until > now:
            seconds = min(seconds, self._pacer.paused_until - now)
        if len(self._buffer) and len(self._flights) < IN_FLIGHT:
            seconds = min(seconds, max(0.001, self._next_start(now) - now))
        woken = asyncio.ensure_future(self._station.wake.wait(f"send:{self.name}", seconds))
        short = asyncio.ensure_future(self._short.wait())
        await _first_of(woken, short)

    async def stop(self) -> None:
        """Finish what is being sent, give back what was only claimed."""
        await self._give_back_claims()
        if self._flights:
            await asyncio.wait(self._flights, timeout=15)
        await self._settling.flush()

    async def _hand_over(self) -> None:
        """Another process is to have the account: begin nothing, and let go once nothing is left to be known.

        What the next owner cannot know is waited out: calls in flight, a pause that the carrier asked for,
        and when each chat was last written to.
        """
        await self._give_back_claims()
        if self._flights or time.monotonic() < max(self._rested_at, self._pacer.paused_until):
            return
        await self._settling.flush()
        self._tenure.let_go()

    async def _give_back_claims(self) -> None:
        left = self._buffer.drain()
        if not left:
            return
        try:
            async with self._station.db.write() as tx:
                await tx.messages.release_claims([message.id for message in left], self._fence)
        except BaseException:
            self._buffer.add(left)
            raise

    async def _take_over(self) -> None:
        """The budget is ours: start with none saved, and settle what the owner before us left in flight."""
        await self._give_back_claims()
        await self._give_back_unsure()
        self._fence = self._tenure.fence
        self._pacer = Pacer(self._rate, time.monotonic())
        self._adopts_at = 0.0

    async def _adopt_orphans(self) -> None:
        """Not only once: a process that froze amid its claim may commit it as it wakes, long after."""
        await self._settling.adopt_orphans(self.name, self._fence, self._caller.look_up)
        self._adopts_at = time.monotonic() + ADOPT_EVERY_S

    async def _claim(self) -> None:
        """Keep the buffer filled: urgent lanes always, patient ones when theirs have run low."""
        if self._room(URGENT):
            await self._claim_some(URGENT)
        if self._is_low():
            self._more = await self._claim_some(PATIENT)

    async def _claim_some(self, lanes: tuple[Lane, ...]) -> bool:
        """Fill the buffer with these lanes. Whether more of them may be queued."""
        if not await self._anything_queued(lanes):
            return False
        claimed: list[StoredMessage] = []
        room = self._room(lanes)
        try:
            async with self._station.db.write() as tx:
                now, busy = self._station.now(), self._buffer.addresses()
                claimed = await tx.messages.claim(self.name, lanes, room, now, self._fence, busy)
                written = await self._lists.write(tx, claimed, now)
        except BaseException:
            # It may be on record all the same, with the answer lost: then nobody would ever look at them.
            self._unsure += [message.id for message in claimed]
            raise
        self._buffer.add(written)
        return len(claimed) == room

    async def _give_back_unsure(self) -> None:
        """What may have been claimed as the database went away was never sent: put it back, if it was."""
        if not self._unsure:
            return
        async with self._station.db.write() as tx:
            await tx.messages.release_claims(self._unsure, self._fence)
        self._unsure = []

    def _is_low(self) -> bool:
        return self._room(PATIENT) > self.window // 2

    def _room(self, lanes: tuple[Lane, ...]) -> int:
        return max(0, self.window - sum(self._buffer.waiting(lane) for lane in lanes))

    async def _anything_queued(self, lanes: tuple[Lane, ...]) -> bool:
        """A look through a reading connection, so that idle turns never queue up for the writer."""
        async with self._station.db.read() as tx:
            return await tx.messages.has_queued(self.name, lanes, self._station.now())

    def _start_all(self) -> bool:
        started = False
        while len(self._flights) < IN_FLIGHT and self._tenure.held:
            now = time.monotonic()
            if self._pacer.next_free(now) > now:
                break
            message = self._next(now)
            if message is None:
                break
            self._start(message, now)
            started = True
        return started

    def _next(self, now: float) -> StoredMessage | None:
        """The most urgent message whose chat is at rest."""

        def is_at_rest(message: StoredMessage) -> bool:
            return self._chats.is_free(message.address, now, reply=_answers(message))

        ready = {
            lane: found for lane in _LANES if (found := self._buffer.ready(lane, is_at_rest)) is not None
        }
        lane = self._picker.pick(ready)
        return ready[lane] if lane is not None else None

    def _next_start(self, now: float) -> float:
        """When the account and the chat of some claimed message will both be free."""
        chats = [
            self._chats.next_free(message.address, now, reply=_answers(message))
            for message in self._buffer.resting()
        ]
        return max(self._pacer.next_free(now), min(chats, default=now + IDLE_S))

    def _start(self, message: StoredMessage, now: float) -> None:
        self._buffer.take(message)
        self._picker.sent(message.lane)
        self._pacer.take(now, self._cost(message))
        self._chats.take(message.address, now, reply=_answers(message))
        flight = asyncio.create_task(self._fly(message))
        self._flights.add(flight)
        flight.add_done_callback(self._ended)

    def _ended(self, flight: asyncio.Task[None]) -> None:
        """The next goes as one has landed; the loop is woken only for what needs the database."""
        self._flights.discard(flight)
        self._rested_at = time.monotonic() + REST_S
        if not flight.cancelled() and isinstance(error := flight.exception(), Exception):
            # An outcome that could not be written waits on, for the loop to write it.
            traced = may_be_traced(error)
            log.error("flight_failed", channel=self.channel, error=type(error).__name__, exc_info=traced)
        if self._fence == self._tenure.fence:
            self._start_all()
        # Under a rate, landings are few, and what was held back behind this one may be claimed now.
        if self._rate or not self._flights or (self._more and self._is_low()):
            self._short.set()

    def _cost(self, message: StoredMessage) -> int:
        return sms.segments(message.text) if self.channel is ChannelName.SMS else 1

    async def _fly(self, message: StoredMessage) -> None:
        started = time.monotonic()
        self._pacer.went_out(started, self._cost(message))
        try:
            attempt = await self._caller.call(message)
        finally:
            self._buffer.landed(message)
            self._chats.landed(message.address, time.monotonic())
        now, error = time.monotonic(), attempt.error
        if error is not None and error.verdict is Verdict.SLOW_DOWN:
            self._pacer.pause(now + error.retry_after)
        self._seconds.observe(now - started)
        self.trouble = error.code if error and _is_trouble(error) else None
        self._metrics.carrier_call(self.channel, error.verdict if error else "accepted")
        await self._settling.land(attempt, self._fence)


def _is_trouble(error: CarrierError) -> bool:
    """Whether the carrier is in trouble, as against one message or contact."""
    return error.alarm or error.verdict in (Verdict.NOT_SENT, Verdict.SLOW_DOWN, Verdict.UNKNOWN)


def _answers(message: StoredMessage) -> bool:
    """Whether it answers the chat's own words, which may skip the chat's spacing."""
    return message.key.startswith(ANSWER)


async def _first_of(*waiting: Awaitable[object]) -> None:
    tasks = [asyncio.ensure_future(one) for one in waiting]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)
