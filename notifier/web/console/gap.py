"""A gap of the week: who might stand there, who might not and why, and having somebody do it."""

from datetime import datetime
from typing import Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from notifier.domain.access import Right
from notifier.domain.ids import PersonId
from notifier.domain.roster import LONGEST_SHIFT, Post
from notifier.engine.console.gap_view import Filling, Way, fill, people_of, read_choice, read_opening
from notifier.errors import Conflict, InputError
from notifier.files.findings import BadValue
from notifier.files.moments import moment_reader
from notifier.store.tx import Tx
from notifier.web.console.asked import address
from notifier.web.console.csrf import read_form, text_of
from notifier.web.console.kit import Kit, actor
from notifier.web.console.roster import ROSTER
from notifier.web.console.routes import Routes
from notifier.web.console.telling import Teller
from notifier.web.console.visit import Visitor

GAP: Final = f"{ROSTER}/posts/{{post}}/gap"


class GapPages:
    """Pages below ``/console/roster/posts``."""

    def __init__(self, kit: Kit) -> None:
        """Work with the console's kit."""
        self._kit = kit

    def add_to(self, routes: Routes) -> None:
        """Take the pages in."""
        routes.get(GAP, self.gap)
        routes.post(GAP, self.fill)

    async def gap(self, request: Request, visitor: Visitor) -> Response:
        """The gap that ``since`` and ``until`` are in, and the people."""
        parts, query = self._kit.parts, request.query_params
        now = parts.station.now()
        async with self._kit.read(visitor) as (tx, guard):
            post = await guard.post(tx, request.path_params["post"], Right.ROSTER)
            since, until = self._span(visitor, query.get("since", ""), query.get("until", ""))
            opening = await read_opening(parts.station, tx, post, since, until, now, propose=True)
            choice = await read_choice(parts, tx, opening, now)
            people = await people_of(tx, opening, choice)
            units = await tx.roster.units_named([post.unit])
        return self._kit.renderer.page(
            request,
            visitor,
            "roster_gap.html",
            opening=opening,
            choice=choice,
            unit=units[post.unit],
            civil=self._civil,
            tell=Teller.of(self._kit, visitor.locale, people),
        )

    async def fill(self, request: Request, visitor: Visitor) -> Response:
        """Have somebody stand there."""
        form, parts = await read_form(request), self._kit.parts
        now = parts.station.now()
        async with self._kit.write(visitor) as (tx, guard):
            # Before it is read, so that of two who choose at once the second finds it closed.
            await tx.cases.decide_alone()
            post = await guard.post(tx, request.path_params["post"], Right.ROSTER)
            filling = await self._filling(tx, visitor, form, post, now)
            await fill(parts, tx, filling, actor(visitor), now)
        day = filling.opening.shift.start.astimezone(parts.station.zone).date()
        week = f"{ROSTER}/units/{post.unit}/week"
        return RedirectResponse(address(week, **{"from": day.isoformat(), "did": "filled"}), status_code=303)

    async def _filling(self, tx: Tx, visitor: Visitor, form: FormData, post: Post, now: datetime) -> Filling:
        person, absent = text_of(form, "person"), text_of(form, "absent")
        if not person:
            raise InputError(self._say(visitor, "needs_person"))
        since, until = self._span(visitor, text_of(form, "since"), text_of(form, "until"))
        if since <= now:
            raise InputError(self._say(visitor, "begun_line"))
        opening = await read_opening(self._kit.parts.station, tx, post, since, until, now, propose=False)
        is_cover = opening.way is Way.COVER
        if not opening.is_closable or not (absent in opening.absent if is_cover else absent == ""):
            raise Conflict("that gap is another by now")
        covers = PersonId(absent) if is_cover else None
        return Filling(opening=opening, person=PersonId(person), absent=covers)

    def _span(self, visitor: Visitor, since: str, until: str) -> tuple[datetime, datetime]:
        read = moment_reader(self._kit.parts.station.zone)
        try:
            start, end = read(since.strip()), read(until.strip())
        except BadValue:
            raise InputError(self._say(visitor, "bad_span")) from None
        if not start < end or end - start > LONGEST_SHIFT:
            raise InputError(self._say(visitor, "bad_span"))
        return start, end

    def _civil(self, moment: datetime) -> str:
        """As a field of day and hour takes it."""
        return moment.astimezone(self._kit.parts.station.zone).strftime("%Y-%m-%dT%H:%M:%S")

    def _say(self, visitor: Visitor, name: str) -> str:
        return self._kit.renderer.say(visitor.locale, f"gap.{name}")
