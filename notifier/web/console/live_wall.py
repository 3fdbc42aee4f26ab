"""One open wall, kept up to date cell by cell."""

from collections.abc import Mapping

from notifier.domain.access import Right
from notifier.domain.ids import UnitCode
from notifier.domain.roster import Unit
from notifier.domain.wall import is_worse
from notifier.engine.access.guard import Guard, SeenUnits
from notifier.engine.console.wall import Cell, Filter, Snapshot, look
from notifier.web.console.faces import Faces
from notifier.web.console.kit import Kit
from notifier.web.console.live import ADMIT_EVERY_S
from notifier.web.console.visit import Visitor


def print_of(snapshot: Snapshot, seen: SeenUnits) -> str:
    """What tells a page of these cells from one of any others, as long as this process runs."""
    cells = tuple(cell for code, cell in snapshot.cells.items() if code in seen)
    return f"{hash(cells):x}"


class LiveWall:
    """One open wall. What it has been shown is known from the first news on."""

    every_s = ADMIT_EVERY_S

    def __init__(self, kit: Kit, faces: Faces, visitor: Visitor, wanted: Filter, page_print: str) -> None:
        """``page_print`` is of the cells on the page as it was made."""
        self.visitor = visitor
        self._kit = kit
        self._faces = faces
        self._wanted = wanted
        self._print = page_print
        self._snapshot: Snapshot | None = None
        self._seen: tuple[Visitor, Mapping[UnitCode, Unit], SeenUnits] | None = None
        self._shown: Mapping[UnitCode, Cell] | None = None

    async def news(self, snapshot: Snapshot) -> str | None:
        """The head, and the cells that have changed; all of them where it is not known what the page has."""
        if snapshot is self._snapshot:
            return None
        self._snapshot = snapshot
        seen = self._seen_in(snapshot)
        before = self._shown_before(snapshot, seen)
        self._shown = {code: cell for code, cell in snapshot.cells.items() if code in seen}
        if before is None or before.keys() != self._shown.keys():
            return self._head(snapshot, seen) + self._groups(snapshot, seen)
        changed = [code for code, cell in self._shown.items() if cell is not before[code]]
        cells = self._faces.swaps(self.visitor.locale, snapshot, changed, self._wanted)
        worse = [self._shown[code] for code in changed if _has_worsened(self._shown[code], before[code])]
        return self._head(snapshot, seen) + "".join(cells) + self._aloud(worse)

    def _seen_in(self, snapshot: Snapshot) -> SeenUnits:
        """Found anew only when the visitor was admitted anew, or the units have changed."""
        told = (self.visitor, snapshot.units)
        if self._seen is None or self._seen[0] is not told[0] or self._seen[1] is not told[1]:
            self._seen = (*told, Guard(self.visitor.scope, snapshot.units).units(Right.SEE))
        return self._seen[2]

    def _shown_before(self, snapshot: Snapshot, seen: SeenUnits) -> Mapping[UnitCode, Cell] | None:
        if self._shown is not None or print_of(snapshot, seen) != self._print:
            return self._shown
        return {code: cell for code, cell in snapshot.cells.items() if code in seen}

    def _head(self, snapshot: Snapshot, seen: SeenUnits) -> str:
        head = self._faces.head_of(self.visitor.locale, snapshot, seen, self._wanted)
        return f'<div id="wall-head" hx-swap-oob="innerHTML">{head}</div>'

    def _groups(self, snapshot: Snapshot, seen: SeenUnits) -> str:
        groups = self._kit.renderer.text(
            self.visitor.locale,
            "wall_groups.html",
            wall=look(snapshot, seen, self._wanted),
            faces=self._faces,
        )
        return f'<div id="wall-groups" hx-swap-oob="innerHTML">{groups}</div>'

    def _aloud(self, worse: list[Cell]) -> str:
        said = self._faces.news(self.visitor.locale, worse)
        return f'<div id="said" hx-swap-oob="innerHTML">{said}</div>' if said else ""


def _has_worsened(now: Cell, before: Cell) -> bool:
    return is_worse(now.standing, before.standing)
