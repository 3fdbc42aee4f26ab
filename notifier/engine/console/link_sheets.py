"""Personal links asked for on a page: who of a unit has none, and sheets or tables of them to take away."""

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from notifier.domain.ids import UnitCode
from notifier.engine.access.guard import SeenUnits
from notifier.engine.linking.coverage import Coverage, Unlinked, coverage, unlinked
from notifier.engine.linking.groups import Group, Whom, find_groups
from notifier.engine.linking.tokens import VALID_FOR
from notifier.engine.parts import Parts
from notifier.engine.station import Actor
from notifier.store.tx import Tx

MOST_LISTED = 300
"""People without Telegram that a page names."""


class SheetKind(StrEnum):
    """What is handed out: sheets with QR codes to be printed, or a table."""

    PDF = "pdf"
    CSV = "csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheets:
    """A file of links. It is a secret: whoever opens a link gets that person's messages."""

    content: bytes = field(repr=False)
    links: int


async def read_coverage(parts: Parts, tx: Tx, seen: SeenUnits, unit: UnitCode) -> list[Coverage]:
    """Of that unit, and of each unit seen below it that has people."""
    return [one for one in await coverage(parts.station, tx, unit) if one.unit.code in seen]


async def read_unlinked(parts: Parts, found: Sequence[Coverage], unit: UnitCode) -> list[Unlinked]:
    """Those of the unit and below it whom the bot cannot write to; none where they are too many to name."""
    own = next((one.reach for one in found if one.unit.code == unit), None)
    if own is None or own.sms_only + own.neither > MOST_LISTED:
        return []
    return await unlinked(parts.station, unit)


async def find_people(parts: Parts, unit: UnitCode, *, missing: bool) -> list[Group]:
    """For whom links would be made; ``missing``: only those whom the bot cannot write to."""
    return await find_groups(parts.station, Whom(unit=unit, missing=missing))


async def make_sheets(parts: Parts, bot: str, groups: Sequence[Group], kind: SheetKind, by: Actor) -> Sheets:
    """Links for all of them, in force from now on and journalled. Raises InputError."""
    # Imported here: fonts and pictures take half a second that no start of the program should wait for.
    from notifier.engine.linking.handout import Handout, Order
    from notifier.files.typefaces import Typefaces

    order = Order(bot=bot, valid=VALID_FOR, by=by.person, channel=by.channel)
    handout = Handout(parts.station, order)
    folder = await asyncio.to_thread(tempfile.TemporaryDirectory, prefix="notifier-links-")
    try:
        path = Path(folder.name) / f"links.{kind}"
        if kind is SheetKind.PDF:
            done = await handout.write_sheets(path, groups, await asyncio.to_thread(Typefaces))
        else:
            done = await handout.write_table(path, groups)
        return Sheets(content=await asyncio.to_thread(path.read_bytes), links=done.links)
    finally:
        await asyncio.to_thread(folder.cleanup)
