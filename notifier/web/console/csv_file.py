"""Tables as files that a spreadsheet opens."""

import csv
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from io import StringIO
from typing import Final

from starlette.responses import StreamingResponse

BOM: Final = "\ufeff"
"""Without it Excel does not see that a file is UTF-8."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")

Row = Sequence[object]


def csv_file(name: str, rows: AsyncIterable[Iterable[Row]]) -> StreamingResponse:
    """Rows, as they come in sets, as the file ``name``."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_written(rows), media_type="text/csv; charset=utf-8", headers=headers)


async def _written(sets: AsyncIterable[Iterable[Row]]) -> AsyncIterator[str]:
    yield BOM
    async for rows in sets:
        page = StringIO()
        csv.writer(page).writerows([_cell(value) for value in row] for row in rows)
        yield page.getvalue()


def _cell(value: object) -> str:
    """The value as text that a spreadsheet does not take for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text
