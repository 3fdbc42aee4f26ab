"""Messages: what was sent, and what became of it."""

from datetime import timedelta
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field

from notifier.domain.access import Right
from notifier.domain.ids import CaseId, MessageId, PersonId
from notifier.domain.message import MessageState
from notifier.domain.roster import ChannelName
from notifier.engine.api.messages import MessageView, read_messages, show_messages
from notifier.store.api_lists import SentFilter
from notifier.web.api.kit import Looking
from notifier.web.api.models import Moment, When
from notifier.web.api.paging import Page, Paged
from notifier.web.api.routes import Routes, over, somewhere

MESSAGES = "messages"
BACK = timedelta(days=7)


class MessageOut(BaseModel):
    """A message. ``kind`` is its template; ``number`` the one to answer it with."""

    id: str
    state: MessageState
    channel: str
    lane: str
    kind: str
    person: str | None
    case: str | None
    broadcast: str | None
    number: int | None
    text: str | None = Field(description="Null without the right `oversee`; secrets are never shown.")
    error: str | None = Field(description="The carrier's code.")
    repeated: bool
    attempts: int
    created_at: Moment
    sent_at: Moment | None
    delivered_at: Moment | None
    answered_at: Moment | None
    ended_at: Moment | None
    expires_at: Moment | None


def add_to(routes: Routes) -> None:
    """Take the operations in."""
    see = Right.SEE
    routes.get("/messages", messages, need=somewhere(see), tag=MESSAGES, summary="消息 / Messages")
    routes.get(
        "/messages/{message}", one, need=over("message", see), tag=MESSAGES, summary="一条消息 / One message"
    )


async def messages(
    look: Looking,
    paging: Paged,
    state: Annotated[MessageState | None, Query()] = None,
    channel: Annotated[ChannelName | None, Query()] = None,
    unit: Annotated[str | None, Query(description="That unit, and all below it.")] = None,
    case: Annotated[str | None, Query()] = None,
    person: Annotated[str | None, Query()] = None,
    since: Annotated[
        When | None, Query(alias="from", description="Queued then or later; the last week, when left out.")
    ] = None,
) -> Page[MessageOut]:
    """The messages of the units in reach, the newest first: those of a unit's cases, and of its people."""
    everywhere = None if look.guard.scope.everything else look.guard.units(Right.SEE)
    which = SentFilter(
        first=await look.tx.deliveries.first_since(since or look.now - BACK),
        units=look.guard.below(unit, Right.SEE) if unit else everywhere,
        state=state,
        channel=channel,
        case=CaseId((await look.guard.case(look.tx, case, Right.SEE)).id) if case else None,
        person=PersonId(person) if person else None,
    )
    before = paging.after(int)
    last = MessageId(int(before[0])) if before else None
    found = await read_messages(look.tx, look.guard, which, paging.fetch, last)
    return paging.page(found, lambda view: (int(view.message.id),), _message)


async def one(look: Looking, message: str) -> MessageOut:
    """What became of it."""
    found = await look.guard.message(look.tx, message, Right.SEE)
    [view] = await show_messages(look.tx, look.guard, [found])
    return _message(view)


def _message(view: MessageView) -> MessageOut:
    message = view.message
    number = message.values.get("number")
    return MessageOut(
        id=str(message.id),
        state=message.state,
        channel=str(message.channel),
        lane=message.lane.name.lower(),
        kind=message.template,
        person=message.person,
        case=None if message.case is None else str(message.case),
        broadcast=None if message.broadcast is None else str(message.broadcast),
        number=number if isinstance(number, int) else None,
        text=view.text,
        error=message.error,
        repeated=message.repeated,
        attempts=message.attempts,
        created_at=message.created_at,
        sent_at=message.sent_at,
        delivered_at=message.delivered_at,
        answered_at=message.answered_at,
        ended_at=message.ended_at,
        expires_at=message.expires_at,
    )
