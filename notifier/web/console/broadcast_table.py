"""A broadcast's recipients as a table for a spreadsheet."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from typing import Final

from notifier.domain.ids import BroadcastId
from notifier.engine.console.broadcasts import Exported, all_recipients
from notifier.web.console.kit import Kit
from notifier.web.console.telling import Teller
from notifier.web.console.visit import Visitor

_COLUMNS: Final = (
    "id",
    "name",
    "unit_code",
    "unit",
    "state",
    "channel",
    "why",
    "sent",
    "delivered",
    "answered",
)
_BOM: Final = "\ufeff"
"""Without it, spreadsheets take Chinese for something else."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


async def table_of(kit: Kit, visitor: Visitor, broadcast: BroadcastId) -> AsyncIterator[str]:
    """UTF-8 CSV with a header, in the visitor's language: one line a recipient, never a phone number."""
    say, locale = kit.renderer.say, visitor.locale
    tell = Teller.of(kit, locale, {})
    yield _BOM + _lines([[say(locale, f"broadcast.column_{name}") for name in _COLUMNS]])
    async for some in all_recipients(kit.parts.station.db, broadcast):
        yield _lines([_row(one, tell, say(locale, f"broadcast.state_{one.recipient.state}")) for one in some])


def _row(one: Exported, tell: Teller, state: str) -> list[str]:
    told = one.recipient
    return [
        told.person,
        one.person.name if one.person else "",
        one.unit.code if one.unit else "",
        one.unit.name if one.unit else "",
        state,
        tell.channel(told.channel),
        tell.reason(told.error),
        *(tell.at(moment) for moment in (told.sent_at, told.delivered_at, told.answered_at)),
    ]


def _lines(rows: Sequence[Sequence[str]]) -> str:
    file = io.StringIO()
    csv.writer(file, lineterminator="\r\n").writerows([_plain(cell) for cell in row] for row in rows)
    return file.getvalue()


def _plain(cell: str) -> str:
    """The cell so that no spreadsheet takes somebody's name for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
