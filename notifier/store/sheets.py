"""Responsibility lists, one row for each that somebody owes."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.ids import PersonId, SheetKey, ShiftKey, UnitCode
from notifier.domain.sheet import Sheet, SheetState
from notifier.errors import NotFound
from notifier.store.statements import batches, insert_or, locking
from notifier.store.tables import sheets

_OWED = (SheetState.OPEN, SheetState.RETURNED)


def sheet_of(row: RowMapping) -> Sheet:
    """The value of one row."""
    return Sheet(
        key=row["key"],
        checklist=row["checklist"],
        unit=row["unit"],
        signer=row["signer"],
        asked_at=row["asked_at"],
        due_at=row["due_at"],
        shift=row["shift"],
        settings_version=row["settings_version"],
        state=SheetState(row["state"]),
        draft=tuple(row["draft"]),
        exceptions=tuple(row["exceptions"]),
        signed_at=row["signed_at"],
        late=row["late"],
        verifier=row["verifier"],
        verified_at=row["verified_at"],
        return_reason=row["return_reason"],
        returns=row["returns"],
    )


def sheet_row(sheet: Sheet) -> dict[str, Any]:
    """The row of a sheet."""
    return {
        "key": sheet.key,
        "checklist": sheet.checklist,
        "settings_version": sheet.settings_version,
        "unit": sheet.unit,
        "shift": sheet.shift,
        "signer": sheet.signer,
        "state": sheet.state,
        "asked_at": sheet.asked_at,
        "due_at": sheet.due_at,
        "draft": list(sheet.draft),
        "exceptions": list(sheet.exceptions),
        "signed_at": sheet.signed_at,
        "late": sheet.late,
        "verifier": sheet.verifier,
        "verified_at": sheet.verified_at,
        "return_reason": sheet.return_reason,
        "returns": sheet.returns,
    }


class SheetRepo:
    """Sheets by their natural key."""

    def __init__(self, conn: AsyncConnection) -> None:
        """Work inside the transaction of ``conn``."""
        self._conn = conn

    async def get(self, key: SheetKey) -> Sheet | None:
        """One sheet; in a transaction that writes, nobody else changes it until the end."""
        rows = await self._conn.execute(locking(self._conn, select(sheets).where(sheets.c.key == key)))
        row = rows.mappings().one_or_none()
        return sheet_of(row) if row else None

    async def add(self, wanted: Iterable[Sheet]) -> set[SheetKey]:
        """Write sheets down; those that are there already stay as they are. Returns the new keys."""
        statement = insert_or(self._conn, sheets).on_conflict_do_nothing().returning(sheets.c.key)
        added: set[SheetKey] = set()
        for batch in batches([sheet_row(sheet) for sheet in wanted]):
            added.update((await self._conn.execute(statement, batch)).scalars())
        return added

    async def save(self, sheet: Sheet) -> None:
        """Write a sheet that was loaded and changed. Raises NotFound when it is not there."""
        changing = update(sheets).where(sheets.c.key == sheet.key).values(sheet_row(sheet))
        if (await self._conn.execute(changing)).rowcount == 0:
            raise NotFound(f"there is no sheet {sheet.key}")

    async def of_shift(self, shift: ShiftKey) -> list[Sheet]:
        """All sheets about that shift, by key."""
        return await self._load(sheets.c.shift == shift)

    async def open_of(self, signer: PersonId) -> list[Sheet]:
        """The sheets that person owes a signature now, the first due first."""
        return await self._load(sheets.c.signer == signer, sheets.c.state.in_(_OWED))

    async def of_signer(self, signer: PersonId, since: datetime, limit: int) -> list[Sheet]:
        """That person's sheets that were asked for since then, the newest first."""
        theirs = select(sheets).where(sheets.c.signer == signer, sheets.c.asked_at >= since)
        found = await self._conn.execute(theirs.order_by(sheets.c.due_at.desc(), sheets.c.key).limit(limit))
        return [sheet_of(row) for row in found.mappings()]

    async def owed_in(self, units: Collection[UnitCode]) -> list[Sheet]:
        """The sheets that somebody owes a signature in exactly those units, the first due first."""
        found = [
            await self._load(sheets.c.unit.in_(batch), sheets.c.state.in_(_OWED)) for batch in batches(units)
        ]
        return sorted((s for part in found for s in part), key=lambda sheet: (sheet.due_at, sheet.key))

    async def to_verify(self, verifier: PersonId) -> list[Sheet]:
        """The signed sheets that person was asked to verify, the first due first."""
        return await self._load(sheets.c.verifier == verifier, sheets.c.state == SheetState.SIGNED)

    async def _load(self, *conditions: ColumnElement[bool]) -> list[Sheet]:
        query = select(sheets).where(*conditions).order_by(sheets.c.due_at, sheets.c.key)
        return [sheet_of(row) for row in (await self._conn.execute(query)).mappings()]
