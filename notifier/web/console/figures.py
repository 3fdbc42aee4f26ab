"""Figures of the last days: tables, which a script draws as charts, and a file."""

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from notifier.domain.access import Right
from notifier.domain.figures import DayFigures
from notifier.domain.message import Lane
from notifier.engine.access.guard import Guard, SeenUnits
from notifier.engine.console.figures import SPANS, Figures, read_figures
from notifier.store.tx import Tx
from notifier.web.console.asked import address, number, words
from notifier.web.console.csv_file import Row, csv_file
from notifier.web.console.kit import Kit
from notifier.web.console.render import Renderer
from notifier.web.console.routes import Routes
from notifier.web.console.telling import Teller
from notifier.web.console.visit import Visitor

FIGURES: Final = "/console/figures"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: the name of its words, and whether it is drawn."""

    name: str
    drawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One subject: a table, and the chart that is drawn of it. ``measure`` names what its axis counts."""

    name: str
    measure: str
    columns: tuple[Column, ...]


LANES: Final = tuple(lane.name.lower() for lane in Lane)
CHARTS: Final = (
    Chart(
        name="taken",
        measure="minutes",
        columns=(
            Column(name="cases"),
            Column(name="taken_number"),
            Column(name="median", drawn=True),
            Column(name="p90", drawn=True),
        ),
    ),
    Chart(
        name="staffed",
        measure="minutes",
        columns=(
            Column(name="gaps"),
            Column(name="staffed_number"),
            Column(name="median", drawn=True),
            Column(name="p90", drawn=True),
        ),
    ),
    Chart(
        name="on_time",
        measure="percent",
        columns=(Column(name="shifts"), Column(name="on_time_number"), Column(name="share", drawn=True)),
    ),
    Chart(
        name="messages",
        measure="number",
        columns=tuple(Column(name=f"lane_{lane}", drawn=True) for lane in LANES),
    ),
)


class FigurePages:
    """Pages below ``/console/figures``."""

    def __init__(self, kit: Kit) -> None:
        """Work with the console's kit."""
        self._kit = kit

    def add_to(self, routes: Routes) -> None:
        """Take the pages in."""
        routes.get(FIGURES, self.figures)
        routes.get_part(f"{FIGURES}.csv", self.export)

    async def figures(self, request: Request, visitor: Visitor) -> Response:
        """How it went, day by day."""
        days, unit = _asked(request)
        async with self._kit.read(visitor) as (tx, guard):
            view = await self._read(tx, guard, days, unit)
            units = await tx.roster.units()
        return self._kit.renderer.page(
            request,
            visitor,
            "figures.html",
            view=view,
            charts=CHARTS,
            values=values_of,
            units={code: one for code, one in units.items() if guard.may(code, Right.SEE)},
            unit=unit,
            days=days,
            spans=SPANS,
            tell=Teller.of(self._kit, visitor.locale, {}),
            link=partial(address, FIGURES, unit=unit),
            file=address(f"{FIGURES}.csv", days=days, unit=unit),
        )

    async def export(self, request: Request, visitor: Visitor) -> Response:
        """All of the tables in one, as CSV; times in minutes, the share in percent."""
        days, unit = _asked(request)
        async with self._kit.read(visitor) as (tx, guard):
            view = await self._read(tx, guard, days, unit)
        name = f"figures-{view.days[0].day:%Y%m%d}-{view.days[-1].day:%Y%m%d}.csv"
        return csv_file(name, _one(_table(self._kit.renderer, visitor.locale, view)))

    async def _read(self, tx: Tx, guard: Guard, days: int, unit: str) -> Figures:
        seen = _meant(guard, unit)
        whole = guard.scope.everything and not unit
        return await read_figures(self._kit.parts.station, tx, seen, days, whole=whole)


def values_of(chart: str, day: DayFigures) -> tuple[float | None, ...]:
    """A day's numbers in the columns of that chart; None where there is nothing to tell."""
    if chart == "messages":
        return tuple(day.messages[lane] for lane in Lane)
    if chart == "on_time":
        share = None if day.share is None else round(100 * day.share, 1)
        return (day.shifts, day.on_time, share)
    spread = day.taken if chart == "taken" else day.staffed
    return (spread.cases, spread.number, _minutes(spread.median), _minutes(spread.p90))


def _minutes(wait: timedelta | None) -> float | None:
    return None if wait is None else round(wait.total_seconds() / 60, 1)


def _meant(guard: Guard, unit: str) -> SeenUnits:
    """The units that are asked for. A unit stands for all below it. Raises NotAllowed, NotFound."""
    return guard.below(unit, Right.SEE) if unit else guard.units(Right.SEE)


def _asked(request: Request) -> tuple[int, str]:
    days = number(request.query_params.get("days"))
    return days if days in SPANS else SPANS[0], words(request.query_params, "unit")


def _table(renderer: Renderer, locale: str, view: Figures) -> Iterator[Row]:
    say = partial(renderer.say, locale)
    named = [
        f"{say(f'figures.{chart.name}')}: {say(f'figures.{column.name}')}"
        for chart in CHARTS
        for column in chart.columns
    ]
    yield [say("figures.day"), *named]
    for day in view.days:
        yield [day.day.isoformat(), *(value for chart in CHARTS for value in values_of(chart.name, day))]


async def _one(rows: Iterable[Row]) -> AsyncIterator[Iterable[Row]]:
    yield rows
