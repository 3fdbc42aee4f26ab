"""Open walls, kept up to date cell by cell."""

from collections.abc import Iterable, Mapping

from notifier.domain.access import Right
from notifier.domain.ids import UnitCode
from notifier.domain.roster import Unit
from notifier.domain.wall import is_worse
from notifier.engine.access.guard import Guard, SeenUnits
from notifier.engine.console.wall import Cell, Filter, Snapshot, look
from notifier.web.console.faces import Faces
from notifier.web.console.live import ADMIT_EVERY_S
from notifier.web.console.render import Renderer
from notifier.web.console.visit import Visitor


def print_of(snapshot: Snapshot, seen: SeenUnits) -> str:
    """What tells a page of these cells from one of any others, as long as this process runs."""
    cells = tuple(cell for code, cell in snapshot.cells.items() if code in seen)
    return f"{hash(cells):x}"


class WallNews:
    """What brings walls up to date, drawn once for all who see the same and have been shown the same."""

    def __init__(self, renderer: Renderer, faces: Faces) -> None:
        """Nothing is drawn yet."""
        self._renderer = renderer
        self._faces = faces
        self._newest: Snapshot | None = None
        self._drawn: dict[tuple[str, SeenUnits, Filter, int], tuple[Snapshot | None, str]] = {}

    def since(
        self, before: Snapshot | None, now: Snapshot, seen: SeenUnits, wanted: Filter, locale: str
    ) -> str:
        """The markup for a page that was shown ``before``; all of it where that is not known."""
        if now is not self._newest:
            self._newest, self._drawn = now, {}
        # With the earlier snapshot kept beside it, so that its id stays its own.
        key = (locale, seen, wanted, id(before))
        if key not in self._drawn:
            self._drawn[key] = (before, self._draw(before, now, seen, wanted, locale))
        return self._drawn[key][1]

    def _draw(
        self, before: Snapshot | None, now: Snapshot, seen: SeenUnits, wanted: Filter, locale: str
    ) -> str:
        wall = look(now, seen, wanted)
        head = f'<div id="wall-head" hx-swap-oob="innerHTML">{self._faces.head(locale, wall, wanted)}</div>'
        if before is None or before.cells.keys() != now.cells.keys():
            groups = self._renderer.text(locale, "wall_groups.html", wall=wall, faces=self._faces)
            return f'{head}<div id="wall-groups" hx-swap-oob="innerHTML">{groups}</div>'
        pairs = [(before.cells[code], now.cells[code]) for code in sorted(seen)]
        changed = [(old, new) for old, new in pairs if new is not old]
        cells = self._faces.swaps(locale, now, [new.unit.code for _, new in changed], wanted)
        worse = (new for old, new in changed if is_worse(new.standing, old.standing))
        return head + "".join(cells) + self._aloud(locale, worse)

    def _aloud(self, locale: str, worse: Iterable[Cell]) -> str:
        said = self._faces.news(locale, worse)
        return f'<div id="said" hx-swap-oob="innerHTML">{said}</div>' if said else ""


class LiveWall:
    """One open wall. What it has been shown is known from the first news on."""

    every_s = ADMIT_EVERY_S

    def __init__(self, news: WallNews, visitor: Visitor, wanted: Filter, page_print: str) -> None:
        """``page_print`` is of the cells on the page as it was made."""
        self.visitor = visitor
        self._news = news
        self._wanted = wanted
        self._print = page_print
        self._shown: tuple[Snapshot, SeenUnits] | None = None
        self._seen: tuple[Visitor, Mapping[UnitCode, Unit], SeenUnits] | None = None

    async def news(self, snapshot: Snapshot) -> str | None:
        """The head, and the cells that have changed; None where this was shown before."""
        if self._shown is not None and self._shown[0] is snapshot:
            return None
        seen = self._seen_in(snapshot)
        before = self._before(snapshot, seen)
        self._shown = (snapshot, seen)
        return self._news.since(before, snapshot, seen, self._wanted, self.visitor.locale)

    def _before(self, snapshot: Snapshot, seen: SeenUnits) -> Snapshot | None:
        """What the page shows; None where that is not known, or was of other units."""
        if self._shown is None:
            return snapshot if print_of(snapshot, seen) == self._print else None
        return self._shown[0] if self._shown[1] == seen else None

    def _seen_in(self, snapshot: Snapshot) -> SeenUnits:
        """Found anew only when the visitor was admitted anew, or the units have changed."""
        visitor, units = self.visitor, snapshot.units
        if self._seen is None or self._seen[0] is not visitor or self._seen[1] is not units:
            self._seen = (visitor, units, Guard(visitor.scope, units).units(Right.SEE))
        return self._seen[2]
