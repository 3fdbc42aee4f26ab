"""Large imports on their way: parted into sets outside of the roster, released, then applied set by set.

Until it is released an import changes nothing. From then on it is decided: whoever comes next applies what
is left of it, one set a transaction, each once and in order, however many are at it.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store.roster_sets import RosterSet
from notifier.store.tables import import_sets, imports

_STAGED, _RELEASED = "staged", "released"

Mark = tuple[str, int]
"""The released import and the set that is next in it; two marks differ when something was applied between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextSet:
    """One set of the released import, held until the transaction ends. ``is_last``: none follows it."""

    mark: Mark
    part: RosterSet
    is_last: bool


class StagingRepo:
    """Imports that are too large for one transaction. One at a time is released."""

    def __init__(self, conn: AsyncConnection) -> None:
        """Work inside the transaction of ``conn``."""
        self._conn = conn

    async def begin(self, name: str, now: datetime) -> None:
        """Begin to stage an import under a name of its own."""
        await self._conn.execute(insert(imports).values(id=name, state=_STAGED, begun_at=now))

    async def add(self, name: str, position: int, content: str) -> None:
        """Stage one set, as ``RosterSet.dump`` gives it; positions count from 0."""
        row = {"import_id": name, "position": position, "content": content}
        await self._conn.execute(insert(import_sets).values(row))

    async def release(self, name: str) -> bool:
        """Decide on it. False when it is gone: nobody finished it for so long that it was forgotten.

        Only where ``ImportRepo.holds`` in the same transaction.
        """
        staged = (imports.c.id == name) & (imports.c.state == _STAGED)
        released = update(imports).where(staged).values(state=_RELEASED)
        return (await self._conn.execute(released)).rowcount == 1

    async def mark(self) -> Mark | None:
        """How far the released import is; None when there is none."""
        query = select(import_sets.c.import_id, func.min(import_sets.c.position)).join(
            imports, imports.c.id == import_sets.c.import_id
        )
        released = query.where(imports.c.state == _RELEASED).group_by(import_sets.c.import_id)
        row = (await self._conn.execute(released)).first()
        return (row[0], row[1]) if row else None

    async def next(self) -> NextSet | None:
        """The set to be applied now, then ``done``; None when no import is released.

        Take ``ImportRepo.alone`` before, or two may be given the same.
        """
        mark = await self.mark()
        if mark is None:
            return None
        name, position = mark
        own = import_sets.c.import_id == name
        this = select(import_sets.c.content).where(own, import_sets.c.position == position)
        content = (await self._conn.execute(this)).scalar_one()
        last = await self._conn.scalar(select(func.max(import_sets.c.position)).where(own))
        return NextSet(mark=mark, part=RosterSet.load(content), is_last=position == last)

    async def done(self, applied: NextSet) -> None:
        """It is applied; after the last one the import is over."""
        name, position = applied.mark
        own = import_sets.c.import_id == name
        await self._conn.execute(delete(import_sets).where(own, import_sets.c.position == position))
        if applied.is_last:
            await self._conn.execute(delete(imports).where(imports.c.id == name))

    async def discard(self, name: str) -> None:
        """Forget an import that was not released."""
        await self._conn.execute(delete(import_sets).where(import_sets.c.import_id == name))
        await self._conn.execute(delete(imports).where(imports.c.id == name))
