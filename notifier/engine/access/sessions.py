"""Sessions: begun at sign-in, found by the token that the browser holds, ended by anyone who may."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

from notifier.domain.ids import PersonId
from notifier.engine.clock import machine_now
from notifier.store.database import Database
from notifier.store.rows import Session
from notifier.store.tx import Tx

IDLE = timedelta(hours=12)
"""A session that nobody used for so long is over."""

SEEN_EVERY = timedelta(minutes=5)
"""How often it is written down that a session is in use: not at every click."""

_TOKEN_BYTES = 32
_AGENT_LENGTH = 60


class Sessions:
    """Their times are the machine's own: they have nothing to do with what hour it is at the posts."""

    def __init__(self, database: Database, real_now: Callable[[], datetime] = machine_now) -> None:
        """Nobody has come in yet."""
        self._database = database
        self._real_now = real_now

    async def begin(self, tx: Tx, person: PersonId, agent: str) -> str:
        """A new session of that person; the token is for his browser and is kept nowhere else."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        words = " ".join(agent.split())[:_AGENT_LENGTH]
        await tx.sessions.begin(hashed(token), person, words, self._real_now())
        return token

    async def find(self, tx: Tx, token: str) -> Session | None:
        """The session of that token, if it lives and its person is in the roster."""
        return await tx.sessions.find(hashed(token), self._real_now() - IDLE)

    async def see(self, session: Session) -> Session:
        """Write down, now and then, that it is in use."""
        now = self._real_now()
        if now - session.last_seen < SEEN_EVERY:
            return session
        async with self._database.write() as tx:
            await tx.sessions.see(session.id, now)
        return replace(session, last_seen=now)

    async def of_person(self, tx: Tx, person: PersonId) -> list[Session]:
        """That person's sessions that live, the newest first."""
        return await tx.sessions.of_person(person, self._real_now() - IDLE)

    async def end(self, tx: Tx, session: int) -> None:
        """End one."""
        await tx.sessions.revoke(session, self._real_now())

    async def end_all(self, tx: Tx, person: PersonId) -> int:
        """End all of that person, and what he might still sign in with; how many sessions lived."""
        now = self._real_now()
        await tx.sign_ins.end_all(person, now)
        return await tx.sessions.revoke_all([person], now - IDLE, now)


def hashed(token: str) -> str:
    """What is kept of a token, and looked up when somebody comes with it."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
