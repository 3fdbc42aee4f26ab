"""What is shown row by row before an import is what it then does."""

from dataclasses import replace
from datetime import datetime
from random import Random
from typing import Any

import pytest
from sqlalchemy import Table, select

from notifier.store.database import Database
from notifier.store.row_changes import ChangeKind, RowChange, fingerprint, first_of_each
from notifier.store.rows import RosterTables, TableDiff
from notifier.store.tables import links, offices, people, posts, shift_people, shifts, units
from tests.contract.import_towns import draw
from tests.contract.store_city import CAI, PEOPLE, ROSTER, take_in
from tests.contract.test_import_sets import planned

Rows = dict[tuple[object, ...], dict[str, object]]
"""By table and what tells a row apart: its cells."""


def _cells(told: dict[str, Any]) -> dict[str, object]:
    """As a change shows them: without what is empty."""
    plain = {
        name: v if isinstance(v, int | datetime) else str(v) for name, v in told.items() if v is not None
    }
    return {name: value for name, value in plain.items() if value != ""}


async def stored(database: Database) -> Rows:
    """The roster as the database has it; a chat is told apart by its bot and itself."""
    found: Rows = {}
    async with database.read() as tx:

        async def rows(table: Table) -> list[dict[str, Any]]:
            return [dict(row) for row in (await tx.conn.execute(select(table))).mappings()]

        for table in (units, people, offices, posts):
            keys = [column.name for column in table.primary_key]
            told = [c.name for c in table.c if c.info.get("told", True) and c.name != "removed_at"]
            for row in await rows(table):
                if row.get("removed_at") is None:
                    cells = {name: row[name] for name in told if name not in keys}
                    found[table.name, *(row[name] for name in keys)] = _cells(cells)
        for row in await rows(links):
            found["links", row["account"], row["chat"]] = {"person": row["person"]}
        stood = sorted((row["shift"], row["ordinal"], row["person"]) for row in await rows(shift_people))
        for row in await rows(shifts):
            if row["cancelled_at"] is None:
                names = ";".join(person for key, _, person in stood if key == row["key"])
                cells = {"end": row["end"], "people": names, "source": row["source"]}
                found["shifts", row["post"], row["start"]] = _cells(cells)
    return found


def patched(before: Rows, changes: list[RowChange]) -> Rows:
    """What the changes, as they are shown, make of that."""
    after = {key: dict(cells) for key, cells in before.items()}
    for change in changes:
        if change.table == "links":
            _patch_link(after, change)
            continue
        key = (change.table, *change.key)
        assert (key in before) == (change.kind is not ChangeKind.ADDED)
        cells = before.get(key, {})
        for cell in change.cells:
            assert cells.get(cell.column, "") == ("" if cell.before is None else cell.before)
        if change.kind is ChangeKind.REMOVED:
            del after[key]
        else:
            after[key] = _cells({**cells, **{cell.column: cell.after for cell in change.cells}})
    return after


def _patch_link(after: Rows, change: RowChange) -> None:
    person, account = change.key
    cells = {cell.column: cell for cell in change.cells}
    if change.kind is ChangeKind.REMOVED:
        assert after.pop(("links", account, cells["chat"].before)) == {"person": person}
        return
    key = ("links", account, cells["chat"].after)
    assert after.get(key) == ({"person": cells["person"].before} if "person" in cells else None)
    after[key] = {"person": person}


def counted(changes: list[RowChange]) -> dict[str, TableDiff]:
    kinds = {
        table: [one.kind for one in changes if one.table == table] for table in {c.table for c in changes}
    }
    return {
        table: TableDiff(
            added=found.count(ChangeKind.ADDED),
            changed=found.count(ChangeKind.CHANGED),
            removed=found.count(ChangeKind.REMOVED),
        )
        for table, found in kinds.items()
    }


@pytest.mark.parametrize("seed", range(5))
async def test_what_is_shown_is_what_is_done(database: Database, seed: int) -> None:
    chance = Random(seed)
    for _ in range(3):
        told = draw(chance)
        before, plan = await stored(database), await planned(database, told)
        changes = list(plan.rows())
        assert counted(changes) == {
            name: diff for name, diff in plan.result.tables.items() if diff != TableDiff()
        }
        await take_in(database, told)
        assert patched(before, changes) == await stored(database)


async def test_a_fingerprint_is_of_every_change_and_of_what_was_before(database: Database) -> None:
    await take_in(database, ROSTER)

    async def of(told: RosterTables) -> str:
        return fingerprint((await planned(database, told)).rows(), None)

    cai = next(one for one in PEOPLE if one.id == CAI)
    rest = tuple(one for one in PEOPLE if one.id != CAI)
    wanted = replace(ROSTER, people=(*rest, replace(cai, name="甲")))
    first = await of(wanted)
    assert first == await of(replace(wanted, people=(replace(cai, name="甲"), *rest)))
    assert first != await of(replace(ROSTER, people=(*rest, replace(cai, name="乙"))))
    await take_in(database, replace(ROSTER, people=(*rest, replace(cai, name="丙"))))
    # What is to come is the same still, but it takes the place of something else.
    assert first != await of(wanted)


async def test_only_the_first_rows_of_each_kind_are_kept(database: Database) -> None:
    plan = await planned(database, ROSTER)
    shown = first_of_each(plan.rows(), most=2)
    assert [row.key for row in shown["people"]] == [(one,) for one in sorted(p.id for p in PEOPLE)[:2]]
    assert plan.result.tables["people"].added == len(PEOPLE)
