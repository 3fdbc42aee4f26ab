"""The watch: due timers are taken in sets, lane by lane, and each is handled in the same transaction.

A crash rolls the set back, and it is due again. A timer that fails is tried alone, later and later; it
never holds up another.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from notifier.domain.message import Lane
from notifier.engine.aftermath import Aftermath
from notifier.engine.catching_up import CatchingUp
from notifier.engine.clock import seconds_until
from notifier.engine.loops import may_be_traced
from notifier.engine.metrics import Metrics
from notifier.engine.station import Station
from notifier.engine.tenure import Tenure
from notifier.errors import NotifierError
from notifier.store.outage import is_outage
from notifier.store.rows import Timer
from notifier.store.tx import Tx

log = structlog.get_logger(__name__)

Handler = Callable[[Tx, str, datetime], Awaitable[None]]
"""Does what a timer of one kind stands for: (transaction, subject, now)."""

SET_SIZE = {Lane.ESCALATION: 6, Lane.REPLY: 6, Lane.DUTY: 5, Lane.BULK: 1}
"""How many timers share a transaction: few enough that a call behind them is not late.

On SQLite nothing is sent meanwhile, so a set must be over within what pacing makes up for (``TOLERANCE_S``).
"""

LONGEST_SLEEP_S = 5.0
IDLE_S = 0.2
"""How long to wait before looking again whether it may go on."""

TRIES = 8


class Watch:
    """Turns the timers."""

    def __init__(
        self,
        station: Station,
        handlers: Mapping[str, Handler],
        aftermath: Aftermath,
        tenure: Tenure,
        metrics: Metrics,
        catching_up: CatchingUp,
    ) -> None:
        """``handlers`` by timer kind; ``tenure`` says whether this process is the one that watches."""
        self._station = station
        self._handlers = handlers
        self._aftermath = aftermath
        self._tenure = tenure
        self._metrics = metrics
        self._catching_up = catching_up

    async def turn(self) -> bool:
        """Handle one set of the most urgent lane that has one due. True when there may be more."""
        if not self._tenure.held:
            return False
        now = self._station.now()
        # Looked for by a reader: whoever asks to write waits behind others, and a call would with him.
        async with self._station.db.read() as tx:
            oldest = {lane: at for lane, at in (await tx.timers.oldest_due()).items() if at <= now}
            deadline = await tx.messages.next_deadline()
        if not await self._catching_up.may_act(min(oldest.values(), default=now), now):
            return False
        for lane in Lane:
            if lane in oldest and await self._take_set(lane):
                return True
        return deadline is not None and deadline <= now and await self._aftermath.sweep(now)

    async def pause(self) -> None:
        """Sleep until the next due row, or until woken."""
        async with self._station.db.read() as tx:
            due = [
                moment for moment in (await tx.timers.next_due(), await tx.messages.next_deadline()) if moment
            ]
        seconds = seconds_until(self._station.clock, min(due, default=None), LONGEST_SLEEP_S)
        idle = not self._tenure.held or self._catching_up.under_way
        await self._station.wake.wait("watch", IDLE_S if idle else max(seconds, 0.02))

    async def _take_set(self, lane: Lane) -> bool:
        now = self._station.now()
        try:
            async with self._station.db.write(brief=True) as tx:
                await tx.cases.decide_alone()
                timers = await tx.timers.due(now, lane, SET_SIZE[lane])
                for timer in timers:
                    await self._handle(tx, timer, now)
        except (NotifierError, SQLAlchemyError, LookupError, ValueError) as error:
            if is_outage(error):
                raise
            log.warning("timer_set_failed", lane=lane.name, error=type(error).__name__)
            return await self._take_one_by_one(lane)
        if timers:
            self._metrics.timers_done(lane, timers, now)
            self._station.wake.ring("send", "watch")
        return bool(timers)

    async def _take_one_by_one(self, lane: Lane) -> bool:
        now = self._station.now()
        async with self._station.db.write() as tx:
            timers = await tx.timers.due(now, lane, SET_SIZE[lane])
        for timer in timers:
            try:
                async with self._station.db.write() as tx:
                    await tx.cases.decide_alone()
                    await self._handle(tx, timer, now)
            except (NotifierError, SQLAlchemyError, LookupError, ValueError) as error:
                if is_outage(error):
                    raise
                await self._put_aside(timer, now, error)
        self._station.wake.ring("send")
        return bool(timers)

    async def _handle(self, tx: Tx, timer: Timer, now: datetime) -> None:
        # Finished first: a handler may set the same timer anew.
        await tx.timers.finish([timer.id])
        await self._handlers[timer.kind](tx, timer.subject, now)

    async def _put_aside(self, timer: Timer, now: datetime, error: Exception) -> None:
        log.error(
            "timer_failed",
            kind=timer.kind,
            timer=timer.id,
            error=type(error).__name__,
            exc_info=may_be_traced(error),
        )
        self._metrics.timer_failed(timer.kind)
        async with self._station.db.write() as tx:
            if timer.tries + 1 >= TRIES:
                await tx.timers.fail(timer.id)
            else:
                await tx.timers.postpone(timer.id, now + timedelta(seconds=2**timer.tries))
