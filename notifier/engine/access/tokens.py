"""Tokens of the API: a program comes in as the person whose token it holds, within the token's limit."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from notifier.domain.access import Limit, Scope, limited
from notifier.domain.ids import PersonId
from notifier.engine.access.scopes import load_scope
from notifier.engine.access.sessions import hashed
from notifier.engine.clock import machine_now
from notifier.engine.station import Actor
from notifier.errors import InputError, NotFound
from notifier.store.database import Database
from notifier.store.rows import ApiToken, JournalLine
from notifier.store.tx import Tx

PREFIX: Final = "ntf_"
"""How every token begins, so that one that got loose is recognised as what it is."""

USED_EVERY = timedelta(minutes=5)
"""How often it is written down that a token is in use: not at every request."""

_TOKEN_BYTES = 32
_LABEL_LENGTH = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """A token that was just made. ``text`` is for whoever asked for it, and is kept nowhere."""

    id: int
    text: str


class Tokens:
    """Their times are the machine's own, as those of sessions are."""

    def __init__(self, database: Database, real_now: Callable[[], datetime] = machine_now) -> None:
        """Nobody holds one yet."""
        self._database = database
        self._real_now = real_now

    # ── giving and taking ──

    async def give(
        self, tx: Tx, person: PersonId, label: str, limit: Limit, span: timedelta, by: Actor, now: datetime
    ) -> NewToken:
        """Make a token of that person for ``span``; ``now`` is the journal's. Raises NotFound, InputError."""
        if person not in await tx.roster.present([person]):
            raise NotFound(f"there is no person {person}; give an id of people.csv")
        if limit.unit is not None and await tx.roster.unit(limit.unit) is None:
            raise NotFound(f"there is no unit {limit.unit}; give a code of units.csv")
        words = " ".join(label.split())[:_LABEL_LENGTH]
        if not words:
            raise InputError("a token needs a name that says what it is for; add it")
        made, text = self._real_now(), PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)
        token = ApiToken(
            id=0,
            person=person,
            label=words,
            limit=limit,
            by=by.person,
            created_at=made,
            until=made + span,
        )
        number = await tx.api_tokens.add(hashed(text), token)
        await tx.journal.write([_line("token_given", replace(token, id=number), by, now)])
        return NewToken(id=number, text=text)

    async def standing(self, tx: Tx, person: PersonId | None = None) -> list[ApiToken]:
        """Those that stand (of one person), by id."""
        return await tx.api_tokens.standing(self._real_now(), person)

    async def revoke(
        self, tx: Tx, number: int, by: Actor, now: datetime, person: PersonId | None = None
    ) -> None:
        """End a token (of that person) now. Raises NotFound, for somebody else's just as for none at all."""
        token = next((one for one in await self.standing(tx, person) if one.id == number), None)
        if token is None or not await tx.api_tokens.revoke(number, self._real_now()):
            raise NotFound(f"there is no token {number} that still stands; see `notifier token list`")
        await tx.journal.write([_line("token_revoked", token, by, now)])

    # ── coming in ──

    async def find(self, tx: Tx, text: str) -> ApiToken | None:
        """The token of that text, if it stands and its person is in the roster."""
        if not text.startswith(PREFIX):
            return None
        return await tx.api_tokens.find(hashed(text), self._real_now())

    async def stands(self, tx: Tx, token: ApiToken) -> bool:
        """Whether it still does."""
        return await tx.api_tokens.stands(token.id, self._real_now())

    async def scope(self, tx: Tx, token: ApiToken, now: datetime) -> Scope:
        """What its person may do at ``now`` (civil), cut down to its limit."""
        scope = await load_scope(tx, token.person, now)
        units = await tx.roster.units() if token.limit.unit is not None else {}
        return limited(scope, token.limit, units)

    async def see(self, token: ApiToken) -> None:
        """Write down, now and then, that it is in use."""
        now = self._real_now()
        if token.last_used is not None and now - token.last_used < USED_EVERY:
            return
        async with self._database.write() as tx:
            await tx.api_tokens.see(token.id, now)


def _line(event: str, token: ApiToken, by: Actor, now: datetime) -> JournalLine:
    rights = " ".join(sorted(token.limit.rights))
    return JournalLine(
        at=now,
        event=event,
        unit=token.limit.unit,
        subject=token.person,
        person=by.person,
        channel=by.channel,
        reason=f"{token.id}: {rights}",
    )
