"""Versions of the settings files, and the documents of which only the current text counts."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.errors import Conflict, NotFound
from notifier.store.kept import Kept
from notifier.store.statements import insert_or
from notifier.store.tables import documents, settings_versions


class SettingsRepo:
    """Settings by version, documents by name."""

    def __init__(self, conn: AsyncConnection, kept: Kept | None = None) -> None:
        """Work inside the transaction of ``conn``."""
        self._conn = conn
        self._kept = kept or Kept()

    async def current(self) -> tuple[int, dict[str, str]] | None:
        """The newest version and its texts by file name; None before the first."""
        return await self._kept.one("settings", "current", self._read_current)

    async def _read_current(self) -> tuple[int, dict[str, str]] | None:
        newest = select(settings_versions.c.version, settings_versions.c.texts)
        query = newest.order_by(settings_versions.c.version.desc()).limit(1)
        row = (await self._conn.execute(query)).one_or_none()
        return (row.version, dict(row.texts)) if row else None

    async def texts(self, version: int) -> dict[str, str]:
        """The texts of one version. Raises NotFound."""
        query = select(settings_versions.c.texts).where(settings_versions.c.version == version)
        texts = await self._conn.scalar(query)
        if texts is None:
            raise NotFound(f"there are no settings of version {version}")
        return dict(texts)

    async def created_at(self, version: int) -> datetime | None:
        """When that version came into force; None when there is none."""
        when = select(settings_versions.c.created_at).where(settings_versions.c.version == version)
        found: datetime | None = await self._conn.scalar(when)
        return found

    async def add(self, texts: Mapping[str, str], now: datetime) -> int:
        """Store the texts as the next version and return it; texts equal to the current ones make none.

        Raises Conflict when another process adds a version at the same time.
        """
        current = await self.current()
        if current is not None and current[1] == dict(texts):
            return current[0]
        version = current[0] + 1 if current else 1
        statement = insert_or(self._conn, settings_versions).on_conflict_do_nothing()
        row = {"version": version, "texts": dict(texts), "created_at": now}
        written = await self._conn.execute(statement.values(row).returning(settings_versions.c.version))
        if written.first() is None:
            raise Conflict(f"settings version {version} was added by another process")
        return version

    async def document(self, name: str) -> str | None:
        """The current text of that name, or None."""
        return await self._conn.scalar(select(documents.c.content).where(documents.c.name == name))

    async def set_document(self, name: str, content: str, now: datetime) -> bool:
        """Keep the text under that name. False when it was the same already."""
        if await self.document(name) == content:
            return False
        row = {"content": content, "updated_at": now}
        statement = insert_or(self._conn, documents).values(name=name, **row)
        await self._conn.execute(statement.on_conflict_do_update(index_elements=["name"], set_=row))
        return True
