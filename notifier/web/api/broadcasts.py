"""Broadcasts: written once, followed, and cancelled."""

from typing import Final

from pydantic import BaseModel, Field
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response

from notifier.domain.access import Right
from notifier.domain.audience import parse_audience
from notifier.domain.ids import BroadcastId, PersonId
from notifier.domain.message import MessageState
from notifier.engine.access.guard import Guard
from notifier.engine.broadcasts import CHUNK, Begun
from notifier.engine.console.broadcasts import Progress, read_list, read_progress
from notifier.errors import Conflict, InputError, NotAllowed
from notifier.store.rows import Broadcast, Relay
from notifier.store.tx import Tx
from notifier.web.api.broadcast_in import BroadcastIn, BroadcastKind
from notifier.web.api.gate import Caller
from notifier.web.api.kit import Calling, Kit, Look, Looking, Made, OnceKey
from notifier.web.api.models import Moment
from notifier.web.api.paging import Page, Paged
from notifier.web.api.routes import Routes, anybody, over, somewhere

BROADCASTS: Final = "broadcasts"


class ListedBroadcast(BaseModel):
    """A broadcast. ``state``: preparing, scheduled, sending, done or cancelled."""

    id: str
    kind: BroadcastKind
    title: str
    state: str
    author: str | None
    to: list[str]
    created_at: Moment
    start_at: Moment


class RelayOut(BaseModel):
    """How one unit passes it on. ``relayed`` is how many were told; null until somebody said so."""

    unit: str
    members: int
    asked: str | None
    relayed: int | None
    flagged: bool = Field(description="More were told than there are members.")


class BroadcastOut(ListedBroadcast):
    """The same, and how its recipients stand: each in exactly one state, once it is prepared."""

    expected: int = Field(description="How many recipients there are.")
    confirmed: int
    states: dict[MessageState, int]
    units: list[RelayOut]


class Broadcasts:
    """Operations below ``/broadcasts``."""

    def __init__(self, kit: Kit) -> None:
        """Work with the API's kit."""
        self._kit = kit

    def add_to(self, routes: Routes) -> None:
        """Take them in."""
        send, see = Right.BROADCAST, over("broadcast", Right.SEE)
        path, one = "/broadcasts", "/broadcasts/{broadcast}"
        routes.get(path, self.listing, need=anybody, tag=BROADCASTS, summary="群发 / Broadcasts")
        routes.get(one, self.one, need=see, tag=BROADCASTS, summary="一次群发 / One broadcast")
        routes.post(
            path,
            self.create,
            need=somewhere(send),
            tag=BROADCASTS,
            summary="发出 / Send one",
            status=201,
            model=BroadcastOut,
        )
        routes.post(
            f"{one}/cancel",
            self.cancel,
            need=over("broadcast", send),
            tag=BROADCASTS,
            summary="取消还没发的 / Cancel what has not gone out",
        )

    async def listing(self, look: Looking, paging: Paged) -> Page[ListedBroadcast]:
        """Those in reach, the newest first: one's own, and those that go nowhere but where one may look."""
        before = paging.after(int)
        last = BroadcastId(int(before[0])) if before else None
        found = await read_list(look.tx, look.guard, last, paging.limit)
        items = [_listed(broadcast, state) for broadcast, state in found.rows]
        return paging.page_to(items, (int(found.further),) if found.further is not None else None)

    async def one(self, look: Looking, broadcast: str) -> BroadcastOut:
        """How it stands: its recipients by state, and how its units pass it on."""
        return await self._read(look, broadcast)

    async def create(
        self, request: Request, caller: Calling, told: BroadcastIn, idempotency_key: OnceKey = None
    ) -> Response:
        """Send it to everybody meant, in the name of the token's person. Recipients are written behind the
        answer, so it is ``preparing`` at first; nothing goes out before the last of them is written.
        """
        meant = await self._meant(caller, told)
        begun: list[Begun] = []

        async def work(tx: Tx, guard: Guard) -> Made:
            one, document = await self._write(tx, guard, caller, told, meant)
            begun.append(one)
            return Made(document=document)

        answer = await self._kit.once(request, caller, work)
        await self._fill(begun, answer)
        return answer

    async def cancel(self, caller: Calling, broadcast: str) -> BroadcastOut:
        """Stop what has not gone out, and its relays."""
        async with self._kit.write(caller) as (tx, guard):
            found = await guard.broadcast(tx, broadcast, Right.BROADCAST)
        try:
            await self._kit.parts.broadcasts.stop(found.id, caller.actor)
        except InputError as error:
            raise Conflict(str(error)) from None
        async with self._kit.look(caller) as look:
            return await self._read(look, broadcast)

    # ── sending one ──

    async def _meant(self, caller: Caller, told: BroadcastIn) -> list[PersonId]:
        """Everybody meant, read with nothing locked. Whether it may be sent to them is asked later."""
        async with self._kit.look(caller) as look:
            return await look.tx.roster.audience(parse_audience(told.to), look.now)

    async def _write(
        self, tx: Tx, guard: Guard, caller: Caller, told: BroadcastIn, meant: list[PersonId]
    ) -> tuple[Begun, BroadcastOut]:
        parts = self._kit.parts
        now = parts.station.now()
        if not await guard.reaches(tx, told.to, Right.BROADCAST):
            raise NotAllowed("that is out of reach")
        order = told.order(caller.person, now)
        if not meant:
            raise InputError("to: it means nobody; look at the codes and ids")
        begun = await parts.broadcasts.write_down(tx, order, meant, now)
        written = await guard.broadcast(tx, str(begun.id), Right.BROADCAST)
        return begun, _document(await read_progress(tx, written), [], expected=len(meant))

    async def _fill(self, begun: list[Begun], answer: Response) -> None:
        """Write the recipients; of a large one behind the answer."""
        for one in begun:
            if len(one.people) > CHUNK:
                answer.background = BackgroundTask(self._kit.parts.broadcasts.fill, one, lambda _: None)
            else:
                await self._kit.parts.broadcasts.fill(one, lambda _: None)

    async def _read(self, look: Look, number: str) -> BroadcastOut:
        found = await look.guard.broadcast(look.tx, number, Right.SEE)
        progress = await read_progress(look.tx, found)
        return _document(progress, await look.tx.broadcasts.relays(found.id))


def _listed(broadcast: Broadcast, state: str) -> ListedBroadcast:
    return ListedBroadcast(
        id=str(broadcast.id),
        kind=BroadcastKind(broadcast.kind),
        title=broadcast.title,
        state=state,
        author=broadcast.author,
        to=list(broadcast.audience),
        created_at=broadcast.created_at,
        start_at=broadcast.start_at,
    )


def _document(progress: Progress, relays: list[Relay], expected: int | None = None) -> BroadcastOut:
    return BroadcastOut(
        **dict(_listed(progress.broadcast, progress.state)),
        expected=progress.expected if expected is None else expected,
        confirmed=progress.confirmed,
        states=dict(progress.states),
        units=[
            RelayOut(
                unit=relay.unit,
                members=relay.members,
                asked=relay.asked,
                relayed=relay.relayed,
                flagged=relay.flagged,
            )
            for relay in relays
        ],
    )
