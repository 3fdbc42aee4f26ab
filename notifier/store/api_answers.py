"""What was answered to requests that came with a key of their own, so that none is done twice."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store.rows import ApiAnswer, ApiToken
from notifier.store.statements import insert_or
from notifier.store.tables import api_answers

_IN_FLIGHT = 0
"""The status of a request that is not answered yet."""


class ApiAnswerRepo:
    """Keys are each token's own."""

    def __init__(self, conn: AsyncConnection) -> None:
        """Work inside the transaction of ``conn``."""
        self._conn = conn

    async def claim(
        self, token: ApiToken, key_hash: str, request: str, body_hash: str, now: datetime
    ) -> ApiAnswer | None:
        """Take the key for this request; None when it is ours, else what it was used for before.

        Somebody else's transaction with the same key is waited for.
        """
        row = {
            "token": token.id,
            "key_hash": key_hash,
            "person": token.person,
            "request": request,
            "body_hash": body_hash,
            "status": _IN_FLIGHT,
            "body": "",
            "created_at": now,
        }
        claiming = insert_or(self._conn, api_answers).on_conflict_do_nothing().values(row)
        if (await self._conn.execute(claiming)).rowcount:
            return None
        columns = (api_answers.c[name] for name in ("request", "body_hash", "status", "body"))
        used = select(*columns).where(api_answers.c.token == token.id, api_answers.c.key_hash == key_hash)
        return ApiAnswer(**(await self._conn.execute(used)).mappings().one())

    async def keep(self, token: ApiToken, key_hash: str, status: int, body: str) -> None:
        """Write down what was answered to the request that took the key."""
        mine = (api_answers.c.token == token.id, api_answers.c.key_hash == key_hash)
        await self._conn.execute(update(api_answers).where(*mine).values(status=status, body=body))
