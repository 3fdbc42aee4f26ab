"""The journal at the console: found lines, and who is named in them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from notifier.domain.ids import PersonId
from notifier.domain.roster import Person
from notifier.engine.console.deliveries import without_numbers
from notifier.store.journal_search import JournalFilter
from notifier.store.rows import JournalLine
from notifier.store.tx import Tx

PAGE = 100
MOST_EXPORTED = 100_000
"""Lines of one file: what a spreadsheet still opens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalPage:
    """Lines, the newest first, and all who are named in them. ``older``: where the next page begins."""

    lines: tuple[JournalLine, ...]
    people: Mapping[PersonId, Person]
    older: int | None


async def read_journal(
    tx: Tx, wanted: JournalFilter, before: int | None = None, size: int = PAGE
) -> JournalPage:
    """One page of at most ``size`` lines. No number stands in full in any of them.

    There are fewer lines where words were looked for that stand only in what is not shown.
    """
    found = await tx.journal_search.find(wanted, size + 1, before)
    lines = tuple(replace(line, reason=without_numbers(line.reason)) for line in found[:size])
    # Else whoever looks for one digit after the other would come to know a number.
    shown = tuple(line for line in lines if _has(line, wanted.text))
    return JournalPage(
        lines=shown,
        people=await tx.roster.people(_named(lines)),
        older=lines[-1].id if len(found) > size else None,
    )


def _has(line: JournalLine, text: str | None) -> bool:
    return text is None or text.lower() in (line.reason or "").lower()


async def people_meant(tx: Tx, text: str) -> list[PersonId] | None:
    """Whoever has that id or name; None where nobody is asked for."""
    return await tx.journal_search.people_called(text) if text else None


def _named(lines: Iterable[JournalLine]) -> set[PersonId]:
    # What a line is about may be a person as well, and so may any word of why; what is none is not found.
    told = (name for line in lines for name in (line.person, line.subject, *_words(line.reason)))
    return {PersonId(name) for name in told if name is not None}


def _words(reason: str | None) -> list[str]:
    return [word.rstrip(",;:") for word in (reason or "").split() if word.isascii()]
