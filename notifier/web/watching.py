"""Health and metrics: for monitors, which get numbers and never a name, a phone number or a text."""

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import JSONResponse, Response

from notifier.domain.case import CaseState
from notifier.domain.message import MessageState
from notifier.store.outage import Outage
from notifier.web.deps import WebDeps
from notifier.web.reading import Reading

BACKLOG_KEEP_S, BACKLOG_WAIT_S = 0.5, 1.0
COUNTS_KEEP_S, COUNTS_WAIT_S = 5.0, 2.0
_READ: Final = ["GET", "HEAD"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What waits: by how many civil seconds the oldest timer is late, and how much is unread."""

    timers_late_s: float
    inbox_depth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many there are in each state."""

    messages: dict[MessageState, int]
    cases: dict[CaseState, int]


class Watching:
    """``/healthz`` and ``/metrics``. Both answer within seconds when the database does not."""

    def __init__(self, deps: WebDeps) -> None:
        """Nothing is read before somebody asks."""
        self._deps = deps
        self._backlog = Reading(self._read_backlog, keep_s=BACKLOG_KEEP_S, wait_s=BACKLOG_WAIT_S)
        self._counts = Reading(self._read_counts, keep_s=COUNTS_KEEP_S, wait_s=COUNTS_WAIT_S)

    def router(self) -> APIRouter:
        """Their routes."""
        router = APIRouter()
        router.add_api_route("/healthz", self.health, methods=_READ, response_model=None)
        router.add_api_route("/metrics", self.metrics, methods=_READ, response_model=None)
        return router

    async def close(self) -> None:
        """Give up what is still being read."""
        await self._backlog.close()
        await self._counts.close()

    async def health(self) -> Response:
        """200 while every loop of this process has turned in the last minute, else 503 naming the stuck.

        A database that is away, however long, is not a stuck loop: restarting us would not bring it back. It
        shows in ``database``, and in ``waiting``: which loop found it how.
        """
        backlog = await self._backlog.get()
        stuck = self._deps.pulses.stuck()
        body = {
            "status": "stuck" if stuck else "ok",
            "stuck": stuck,
            "loops": {name: round(age, 1) for name, age in self._deps.pulses.ages().items()},
            "database": self._outage() or "ok",
            "waiting": self._deps.pulses.waiting(),
            "timers_late_s": round(backlog.timers_late_s, 1) if backlog else None,
            "inbox_depth": backlog.inbox_depth if backlog else None,
            "channels": self._deps.channels(),
        }
        return JSONResponse(body, status_code=503 if stuck else 200)

    async def metrics(self) -> Response:
        """Prometheus's text. What the database did not give in time keeps its last value."""
        metrics = self._deps.metrics
        backlog = await self._backlog.get()
        metrics.database_up.set(self._outage() is None)
        if backlog:
            metrics.timers_late.set(backlog.timers_late_s)
            metrics.inbox_depth.set(backlog.inbox_depth)
        if counts := await self._counts.get():
            for message_state, number in counts.messages.items():
                metrics.messages.labels(state=message_state.value).set(number)
            for case_state, number in counts.cases.items():
                metrics.cases.labels(state=case_state.value).set(number)
        for name, age in self._deps.pulses.ages().items():
            metrics.loop_age.labels(loop=name).set(age)
        return Response(generate_latest(metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    def _outage(self) -> Outage | None:
        """What keeps the database from its work: as those found it who work with it, or else we just now."""
        return self._deps.pulses.outage() or self._backlog.outage

    async def _read_backlog(self) -> Backlog:
        async with self._deps.database.read() as tx:
            late = await tx.timers.lateness(self._deps.now())
            return Backlog(timers_late_s=late, inbox_depth=await tx.inbox.depth())

    async def _read_counts(self) -> Counts:
        async with self._deps.database.read() as tx:
            return Counts(messages=await tx.messages.counts(), cases=await tx.cases.counts())
