"""Pages from templates: everything that is not markup of ours is escaped, and nothing may be missing."""

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from notifier.domain.access import Right, masked
from notifier.web.console.assets import Assets
from notifier.web.console.visit import Guest, Visitor
from notifier.web.console.words import LOCALES, Words

PAGES: Final = Path(__file__).parent / "pages"
NAV: Final[tuple[tuple[str, str, Right | None], ...]] = (
    ("/console", "layout.wall", None),
    ("/console/broadcasts", "layout.broadcasts", Right.SEE),
    ("/console/roster", "layout.roster", Right.SEE),
    ("/console/deliveries", "layout.deliveries", Right.OVERSEE),
    ("/console/figures", "layout.figures", Right.SEE),
    ("/console/journal", "layout.journal", Right.OVERSEE),
    ("/console/settings", "layout.settings", Right.OVERSEE),
)
"""Address, name of the words, and the right that somebody must have somewhere; None: everybody."""


def environment_of(folder: Path) -> Environment:
    """The templates of that folder."""
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


class Renderer:
    """Renders pages in the language of whoever looks."""

    def __init__(
        self, assets: Assets, words: Words, zone: ZoneInfo, site: str, *, trains: bool = False
    ) -> None:
        """Take what all pages share. Times are shown as in ``zone``; ``trains`` with training phones."""
        self._words = words
        self._environment = environment_of(PAGES)
        self._environment.globals |= {"asset": assets.url, "site": site, "locales": LOCALES, "nav": NAV}
        self._environment.globals["trains"] = trains
        self._environment.filters |= {
            "masked": masked,
            "hm": partial(_in_zone, zone, "%H:%M"),
            "day_hm": partial(_in_zone, zone, "%m-%d %H:%M"),
            "day": partial(_in_zone, zone, "%Y-%m-%d"),
            "iso": _iso,
        }

    def page(
        self, request: Request, who: Visitor | Guest, name: str, /, *, status: int = 200, **values: object
    ) -> HTMLResponse:
        """The page, or part of one, as an answer."""
        own = {"path": request.url.path, "here": _here(request, who), **values}
        return HTMLResponse(self.text(who.locale, name, visitor=_visitor(who), **own), status_code=status)

    def text(self, locale: str, name: str, /, **values: object) -> str:
        """What that template makes of the values."""
        say = partial(self._words.say, locale)
        return self._environment.get_template(name).render(locale=locale, t=say, **values)

    def names(self, subject: str) -> list[str]:
        """What there are texts for under that subject, in order."""
        names = self._words.names(LOCALES[0])
        return sorted(name.partition(".")[2] for name in names if name.startswith(f"{subject}."))

    def say(self, locale: str, name: str, /, **values: object) -> str:
        """One of the pages' texts."""
        return self._words.say(locale, name, **values)


def _visitor(who: Visitor | Guest) -> Visitor | None:
    return who if isinstance(who, Visitor) else None


def _here(request: Request, who: Visitor | Guest) -> str:
    """Where the page can be had again in another language, with what was searched for.

    Empty for the answer to a form, which no address leads to; the sign-in's are pages of their own.
    """
    if request.method == "POST" and isinstance(who, Visitor):
        return ""
    query = request.url.query
    return f"{request.url.path}?{query}" if query else request.url.path


def _in_zone(zone: ZoneInfo, form: str, moment: datetime | None) -> str:
    return moment.astimezone(zone).strftime(form) if moment else ""


def _iso(moment: datetime) -> str:
    return moment.isoformat()
