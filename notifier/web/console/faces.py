"""The wall's markup, drawn once for all who see the same."""

from collections.abc import Iterable, Mapping
from typing import Final

from markupsafe import Markup

from notifier.domain.ids import UnitCode
from notifier.domain.wall import Standing
from notifier.engine.console.wall import Cell, Filter, Snapshot, Wall, is_shown
from notifier.web.console.render import Renderer

GLYPHS: Final[Mapping[Standing, str]] = {
    Standing.EMPTY: "▲",
    Standing.UNANSWERED: "△",
    Standing.CALLING: "●",
    Standing.HELD: "◆",
    Standing.UNSIGNED: "□",
    Standing.UNVERIFIED: "◇",
    Standing.UNRELAYED: "○",
    Standing.SILENT: "◌",
    Standing.PAUSED: "‖",
    Standing.CALM: "·",
}
"""Every standing by its shape, so that nobody needs the colours."""

URGENT_SHOWN: Final = 12


def cell_id(code: UnitCode) -> str:
    """The id of a unit's cell: of letters and digits only, whatever the code is made of."""
    return f"u-{code.encode().hex()}"


class Faces:
    """Draws cells and heads; a cell that stays as it is, is drawn once for each language."""

    def __init__(self, renderer: Renderer) -> None:
        """Nothing is drawn yet."""
        self._renderer = renderer
        self._cells: dict[tuple[str, UnitCode], tuple[Cell, Markup]] = {}

    def cell(self, locale: str, cell: Cell) -> Markup:
        """One cell."""
        key = (locale, cell.unit.code)
        drawn = self._cells.get(key)
        if drawn is None or drawn[0] != cell:
            values = {"cell": cell, "id": cell_id(cell.unit.code), "glyph": GLYPHS[cell.standing]}
            drawn = (cell, Markup(self._renderer.text(locale, "wall_cell.html", **values)))
            self._cells[key] = drawn
        return drawn[1]

    def no_cell(self, code: UnitCode) -> Markup:
        """The place of a cell that the filter does not take now."""
        return Markup('<li id="{}" hidden></li>').format(cell_id(code))

    def head(self, locale: str, wall: Wall, wanted: Filter) -> Markup:
        """Counters, calm, and what to look at first."""
        values = {"wall": wall, "wanted": wanted, "glyphs": GLYPHS, "shown": URGENT_SHOWN}
        return Markup(self._renderer.text(locale, "wall_head.html", **values))

    def swaps(
        self, locale: str, snapshot: Snapshot, codes: Iterable[UnitCode], wanted: Filter
    ) -> Iterable[str]:
        """Cells that take the place of those on the page; one that the filter does not take is hidden."""
        for code in codes:
            cell = snapshot.cells[code]
            drawn = self.cell(locale, cell) if is_shown(snapshot, cell, wanted) else self.no_cell(code)
            yield str(drawn).replace("<li ", '<li hx-swap-oob="true" ', 1)

    def news(self, locale: str, cells: Iterable[Cell]) -> Markup:
        """What is said aloud of cells that have become worse; empty for none."""
        told = (
            self._renderer.say(
                locale,
                "wall.news",
                unit=cell.unit.name,
                standing=self._renderer.say(locale, f"wall.standing_{cell.standing}"),
            )
            for cell in cells
        )
        return Markup(" · ").join(told)
