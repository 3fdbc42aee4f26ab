"""Files that somebody handed in on a page, kept until he has seen what they change and decided."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.ids import PersonId
from notifier.store.tables import uploads


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """What was handed in. Times are the machine's own; ``shown`` is what its page says it changes."""

    id: str
    by: PersonId
    created_at: datetime
    sha256: str
    size: int
    names: tuple[str, ...]
    shown: str = field(repr=False)


class UploadRepo:
    """Uploads that nobody has decided on yet."""

    def __init__(self, conn: AsyncConnection) -> None:
        """Work inside the transaction of ``conn``."""
        self._conn = conn

    async def add(self, upload: Upload, parcel: bytes) -> None:
        """Keep it, with its files in one piece."""
        row = {
            "id": upload.id,
            "by": upload.by,
            "created_at": upload.created_at,
            "sha256": upload.sha256,
            "size": upload.size,
            "names": list(upload.names),
            "shown": upload.shown,
            "parcel": parcel,
        }
        await self._conn.execute(insert(uploads).values(row))

    async def find(self, name: str, after: datetime) -> Upload | None:
        """The one of that id, if it came after that time and waits still."""
        columns = [column for column in uploads.c if column is not uploads.c.parcel]
        found = select(*columns).where(uploads.c.id == name, uploads.c.created_at > after)
        row = (await self._conn.execute(found)).mappings().one_or_none()
        return Upload(**{**row, "names": tuple(row["names"])}) if row else None

    async def parcel(self, name: str) -> bytes | None:
        """Its files; None when it is gone."""
        kept: bytes | None = await self._conn.scalar(select(uploads.c.parcel).where(uploads.c.id == name))
        return kept

    async def show(self, name: str, shown: str) -> None:
        """From now on its page says this."""
        await self._conn.execute(update(uploads).where(uploads.c.id == name).values(shown=shown))

    async def remove(self, name: str) -> bool:
        """Forget it; whether it was there."""
        return (await self._conn.execute(delete(uploads).where(uploads.c.id == name))).rowcount == 1

    async def has_old(self, before: datetime) -> bool:
        """Whether any came before that time."""
        old = select(uploads.c.id).where(uploads.c.created_at < before).limit(1)
        return await self._conn.scalar(old) is not None

    async def forget(self, before: datetime) -> int:
        """Forget those that came before that time; how many they were."""
        return (await self._conn.execute(delete(uploads).where(uploads.c.created_at < before))).rowcount
