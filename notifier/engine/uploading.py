"""Roster files handed in on a page: looked over, kept for an hour, taken in as they were shown."""

import asyncio
import secrets
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from notifier.domain.ids import PersonId
from notifier.engine.clock import machine_now
from notifier.engine.importing import Agreed, ImportReport, import_roster
from notifier.engine.parts import Parts
from notifier.engine.shown_reports import dump_report, load_report
from notifier.engine.station import Actor
from notifier.errors import NotFound
from notifier.files.given import Given, Parcel
from notifier.store.rows import JournalLine, TableDiff
from notifier.store.tx import Tx
from notifier.store.uploads import Upload

KEPT_FOR = timedelta(hours=1)
TAKEN_IN = "roster_taken_in"
"""The journal's word for it."""

_ID_BYTES = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What files would change. ``upload`` is where they wait; None where nothing would change."""

    report: ImportReport
    upload: Upload | None = None


class Uploads:
    """Whoever calls this has seen to it that who asks may do everything."""

    def __init__(self, parts: Parts, real_now: Callable[[], datetime] = machine_now) -> None:
        """``real_now`` is the machine's own time: an hour is an hour in an evening that is played fast."""
        self._parts = parts
        self._station = parts.station
        self._real_now = real_now

    async def look_over(self, given: Sequence[Given], by: PersonId) -> Seen:
        """What the files would change; kept where that is anything.

        Raises FileRefused with every bad place, and then nothing is kept.
        """
        parcel = await asyncio.to_thread(Parcel.of, given)
        async with _laid_out(parcel) as source:
            report = await import_roster(self._parts, source, dry_run=True)
        if report.is_empty:
            return Seen(report=report)
        packed, sha256 = await asyncio.to_thread(lambda: (parcel.packed(), parcel.sha256))
        upload = Upload(
            id=secrets.token_urlsafe(_ID_BYTES),
            by=by,
            created_at=self._real_now(),
            sha256=sha256,
            size=parcel.size,
            names=tuple(parcel.files),
            shown=dump_report(report),
        )
        async with self._station.db.write() as tx:
            await tx.uploads.add(upload, packed)
        return Seen(report=report, upload=upload)

    async def seen(self, tx: Tx, name: str) -> Seen:
        """What was shown of it last. Raises NotFound for what was decided on, or is older than an hour."""
        upload = await tx.uploads.find(name, self._real_now() - KEPT_FOR) if name.isprintable() else None
        if upload is None:
            raise NotFound("that upload was applied or dropped already, or is older than an hour")
        return Seen(report=load_report(upload.shown), upload=upload)

    async def apply(self, name: str, fingerprint: str, by: Actor) -> ImportReport:
        """Take it in, if it still changes exactly what that fingerprint stands for.

        Else nothing is changed (``dry_run``), and the report is what is shown of it from now on. Raises
        NotFound, and FileRefused where the roster has changed such that the files do not fit it any more.
        """
        async with self._station.db.read() as tx:
            upload = (await self.seen(tx, name)).upload
            packed = await tx.uploads.parcel(name)
        if upload is None or packed is None:
            raise NotFound("that upload is gone")
        parcel = await asyncio.to_thread(Parcel.unpacked, packed)
        agreed = Agreed(fingerprint=fingerprint, decided=partial(self._decided, upload, by))
        async with _laid_out(parcel) as source:
            report = await import_roster(self._parts, source, agreed=agreed)
        if report.dry_run:
            async with self._station.db.write() as tx:
                await tx.uploads.show(name, dump_report(report))
        return report

    async def abandon(self, tx: Tx, name: str) -> None:
        """Forget it."""
        await tx.uploads.remove(name)

    async def forget_old(self) -> None:
        """Forget what is older than an hour."""
        before = self._real_now() - KEPT_FOR
        async with self._station.db.read() as tx:
            if not await tx.uploads.has_old(before):
                return
        async with self._station.db.write() as tx:
            await tx.uploads.forget(before)

    async def _decided(self, upload: Upload, by: Actor, report: ImportReport, tx: Tx) -> None:
        if not await tx.uploads.remove(upload.id):
            raise NotFound("somebody has just dropped that upload")
        line = JournalLine(
            at=self._station.now(),
            event=TAKEN_IN,
            person=by.person,
            channel=by.channel,
            reason=f"{_counts(report)}; sha256 {upload.sha256}",
        )
        await tx.journal.write([line])


def _counts(report: ImportReport) -> str:
    """``people +1 ~2 -3, shifts +4``."""
    told = [f"{name} {_signs(diff)}" for name, diff in report.result.tables.items() if diff != TableDiff()]
    return ", ".join([*told, *(["rotas"] if report.rotas_changed else [])])


def _signs(diff: TableDiff) -> str:
    signs = (("+", diff.added), ("~", diff.changed), ("-", diff.removed))
    return " ".join(f"{sign}{number}" for sign, number in signs if number)


@asynccontextmanager
async def _laid_out(parcel: Parcel) -> AsyncIterator[Path]:
    """The files in a folder that only this program's user may read, for as long as they are being read."""
    folder = await asyncio.to_thread(tempfile.TemporaryDirectory, prefix="notifier-upload-")
    try:
        yield await asyncio.to_thread(parcel.lay_out, Path(folder.name))
    finally:
        await asyncio.to_thread(folder.cleanup)
