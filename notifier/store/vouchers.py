"""Vouchers: codes given by word of mouth, each for one person, for a day, and for few wrong tries."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.ids import PersonId
from notifier.domain.secrecy import HIDDEN, VOUCHER_GIVEN
from notifier.store.rows import Voucher
from notifier.store.secret_texts import blank_texts
from notifier.store.statements import batches
from notifier.store.tables import messages, people, vouchers


class VoucherRepo:
    """Only a code's first digits are kept as they are, and the hash of the whole.

    And, for as long as it works, the text in which whoever vouches was told it.
    """

    def __init__(self, conn: AsyncConnection) -> None:
        """Work inside the transaction of ``conn``."""
        self._conn = conn

    async def give(
        self, voucher: Voucher, *, selector: str, code_hash: str, now: datetime, tries: int
    ) -> bool:
        """Keep a voucher, in place of those of the same person that still work.

        ``tries`` are the wrong ones that it bears. False, and nothing is changed, while another voucher of
        the same code still works.
        """
        same = select(vouchers.c.id).where(vouchers.c.code_hash == code_hash, _works(now))
        if await self._conn.scalar(same.limit(1)) is not None:
            return False
        await self.revoke([voucher.person], now)
        row = {
            "selector": selector,
            "code_hash": code_hash,
            "person": voucher.person,
            "given_by": voucher.given_by,
            "created_at": now,
            "expires_at": voucher.expires_at,
            "tries_left": tries,
        }
        await self._conn.execute(insert(vouchers).values(row))
        return True

    async def redeem(self, selector: str, code_hash: str, now: datetime) -> Voucher | None:
        """The voucher of that code, which is used up; None when there is none that works.

        A wrong code costs every working voucher of the same selector one of its tries.
        """
        right = vouchers.c.code_hash == code_hash
        in_roster = vouchers.c.person.in_(select(people.c.id).where(people.c.removed_at.is_(None)))
        using = update(vouchers).where(right, _works(now), in_roster).values(used_at=now)
        columns = (vouchers.c.person, vouchers.c.given_by, vouchers.c.expires_at)
        row = (await self._conn.execute(using.returning(*columns))).one_or_none()
        if row is not None:
            return Voucher(person=row.person, given_by=row.given_by, expires_at=row.expires_at)
        wrong = update(vouchers).where(vouchers.c.selector == selector, _works(now))
        await self._conn.execute(wrong.values(tries_left=vouchers.c.tries_left - 1))
        return None

    async def revoke(self, ids: Collection[PersonId], now: datetime) -> int:
        """Let those people's vouchers work no more; how many did."""
        revoked = 0
        for batch in batches(ids):
            ending = update(vouchers).where(vouchers.c.person.in_(batch), _works(now))
            revoked += (await self._conn.execute(ending.values(expires_at=now))).rowcount
        return revoked

    async def blank(self, given_by: PersonId, told: str, now: datetime) -> None:
        """Keep that code, as ``given_by`` was told it, in no text any more."""
        rows = await self._conn.execute(self._texts(given_by))
        await blank_texts(self._conn, [row.id for row in rows if row.told.get("code") == told], now)

    async def blank_before(self, given_by: PersonId, moment: datetime, now: datetime) -> None:
        """Keep no code that ``given_by`` was told until ``moment`` in any text."""
        rows = await self._conn.execute(self._texts(given_by).where(messages.c.created_at <= moment))
        await blank_texts(self._conn, [row.id for row in rows], now)

    def _texts(self, given_by: PersonId) -> Select[Any]:
        own = (messages.c.person == given_by, messages.c.template == VOUCHER_GIVEN)
        told = messages.c["values"].label("told")
        return select(messages.c.id, told).where(*own, messages.c.text != HIDDEN)

    async def count_working(self, person: PersonId, now: datetime) -> int:
        """How many vouchers of that person work: none or one."""
        query = select(func.count()).select_from(vouchers).where(vouchers.c.person == person, _works(now))
        return await self._conn.scalar(query) or 0


def _works(now: datetime) -> ColumnElement[bool]:
    return vouchers.c.used_at.is_(None) & (vouchers.c.expires_at > now) & (vouchers.c.tries_left > 0)
