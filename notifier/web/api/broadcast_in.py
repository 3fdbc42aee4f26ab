"""A broadcast as a program orders it, and what may be wrong with it."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from notifier.domain.audience import parse_audience
from notifier.domain.ids import PersonId
from notifier.domain.policy import Kind
from notifier.engine.broadcasts import Order
from notifier.engine.console.composing import MOST_EXPRESSIONS
from notifier.errors import InputError
from notifier.web.api.gate import API
from notifier.web.api.models import When
from notifier.web.api.texts import Plain
from notifier.web.console.draft import FURTHEST, LONGEST_RELAY_H, MOST

_LONGEST_EXPRESSION: Final = 200


class BroadcastKind(StrEnum):
    """What can be broadcast."""

    COMMENDATION = "commendation"
    NOTICE = "notice"


def _expression(text: str) -> str:
    if not text.isprintable():
        raise ValueError("leave control characters out")
    try:
        parse_audience([text])
    except ValueError:
        # Not in its own words, which quote what was sent.
        raise ValueError("write unit:CODE, office:TITLE, post:KIND, person:ID, joined by commas") from None
    return text


class BroadcastIn(BaseModel):
    """Something to be said to everybody whom any of the expressions in ``to`` means, once each."""

    model_config = ConfigDict(extra="forbid")

    kind: BroadcastKind
    title: Annotated[str, Field(max_length=MOST["title"]), Plain]
    body: Annotated[str, Field(max_length=MOST["body"]), Plain]
    to: Annotated[
        list[Annotated[str, Field(max_length=_LONGEST_EXPRESSION), AfterValidator(_expression)]],
        Field(
            min_length=1,
            max_length=MOST_EXPRESSIONS,
            description="`unit:CODE` (with all below), `office:TITLE`, `post:KIND`, `person:ID`; joined by "
            "commas all of them hold; of several, one suffices.",
            examples=[["unit:T1,office:secretary", "person:p01"]],
        ),
    ]
    relay: Annotated[bool, Field(description="Ask each village to pass it on and say how many.")] = False
    reply_by: Annotated[
        When | None, Field(description=f"With `relay`: by when, {LONGEST_RELAY_H} h from its start at most.")
    ] = None
    at: Annotated[When | None, Field(description="Begin then instead of now.")] = None

    def order(self, author: PersonId, now: datetime) -> Order:
        """The order that the engine takes. Raises InputError for what does not go together."""
        start = self._start(now)
        return Order(
            kind=Kind(self.kind),
            title=self.title,
            body=self.body,
            audience=tuple(dict.fromkeys(self.to)),
            author=author,
            relay=self.relay,
            reply_by=self._reply_by(start),
            start_at=self.at,
            channel=API,
        )

    def _start(self, now: datetime) -> datetime:
        if self.at is None:
            return now
        if self.at <= now:
            raise InputError("at: that is past; leave it out to begin now")
        if self.at > now + FURTHEST:
            raise InputError(f"at: that is more than {FURTHEST.days} days ahead; give an earlier time")
        return self.at

    def _reply_by(self, start: datetime) -> timedelta | None:
        if self.reply_by is None:
            return None
        if not self.relay:
            raise InputError("reply_by: it is the deadline of relay; give both")
        span = self.reply_by - start
        if not timedelta() < span <= timedelta(hours=LONGEST_RELAY_H):
            raise InputError(f"reply_by: give a time within {LONGEST_RELAY_H} h after its start")
        return span
