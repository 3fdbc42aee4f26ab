"""Deliveries: what went out, what failed and what mends it, who cannot be reached, and every message."""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from notifier.domain.access import Right
from notifier.domain.ids import MessageId, PersonId, UnitCode
from notifier.domain.message import Lane, MessageState
from notifier.domain.roster import ChannelName, Person
from notifier.engine.access.guard import Guard
from notifier.engine.console.deliveries import (
    EXPORTED_TOGETHER,
    MOST_EXPORTED,
    read_deliveries,
    read_messages,
    read_to_resend,
)
from notifier.engine.resending import resend, resend_these
from notifier.store.deliveries import DeliveryFilter
from notifier.store.rows import StoredMessage
from notifier.web.console.asked import address, chosen, number
from notifier.web.console.csrf import read_form, text_of
from notifier.web.console.csv_file import Row, csv_file
from notifier.web.console.kit import Kit, actor
from notifier.web.console.routes import Routes
from notifier.web.console.telling import Teller
from notifier.web.console.visit import Visitor

DELIVERIES: Final = "/console/deliveries"
SPANS: Final = (1, 7)
"""Days that the page may look back."""
_KEPT: Final = ("days", "state", "channel", "lane", "unit", "template")
_COLUMNS: Final = (
    *("time", "id", "person_id", "person", "unit", "channel", "lane", "template", "state", "code_of"),
    *("repeated", "case", "sent", "delivered", "answered"),
)
_DID: Final = ("resent", "resent_none")
"""What the page that a change leads back to is told of it."""


class DeliveryPages:
    """Pages below ``/console/deliveries``."""

    def __init__(self, kit: Kit) -> None:
        """Work with the console's kit."""
        self._kit = kit

    def add_to(self, routes: Routes) -> None:
        """Take the pages in."""
        routes.get(DELIVERIES, self.deliveries)
        routes.get_part(f"{DELIVERIES}.csv", self.export)
        routes.get(f"{DELIVERIES}/resend", self.ask_resend)
        routes.post(f"{DELIVERIES}/resend", self.resend_all)
        routes.post(f"{DELIVERIES}/{{message}}/resend", self.resend)

    async def deliveries(self, request: Request, visitor: Visitor) -> Response:
        """How sending goes."""
        query, station = request.query_params, self._kit.parts.station
        asked = {name: query.get(name, "") for name in _KEPT}
        days = _days(asked)
        async with self._kit.read(visitor) as (tx, guard):
            before = number(query.get("before"))
            view = await read_deliveries(
                station,
                tx,
                guard.some(Right.OVERSEE),
                self._wanted(guard, asked),
                whole=guard.scope.everything,
                span=timedelta(days=days),
                before=None if before is None else MessageId(before),
                now=station.now(),
            )
            units = await tx.roster.units()
        return self._kit.renderer.page(
            request,
            visitor,
            "deliveries.html",
            view=view,
            units={code: unit for code, unit in units.items() if guard.may(code, Right.OVERSEE)},
            tell=Teller.of(self._kit, visitor.locale, view.people),
            asked=asked,
            days=days,
            spans=SPANS,
            states=tuple(MessageState),
            channels=tuple(ChannelName),
            lanes=tuple(lane.name.lower() for lane in Lane),
            templates=self._kit.parts.station.texts.names(),
            link=partial(address, DELIVERIES),
            file=address(f"{DELIVERIES}.csv", **asked),
            again=address(f"{DELIVERIES}/resend", **asked),
            did=query.get("did") if query.get("did") in _DID else None,
        )

    async def export(self, request: Request, visitor: Visitor) -> Response:
        """All that the list has, as CSV: no text, and no number."""
        asked = {name: request.query_params.get(name, "") for name in _KEPT}
        station = self._kit.parts.station
        async with self._kit.read(visitor) as (tx, guard):
            guard.some(Right.OVERSEE)
            wanted = self._wanted(guard, asked)
            first = await tx.deliveries.first_since(station.now() - timedelta(days=_days(asked)))
        name = f"deliveries-{station.now().astimezone(station.zone):%Y%m%d}.csv"
        return csv_file(name, self._sets(visitor, replace(wanted, first=first)))

    async def ask_resend(self, request: Request, visitor: Visitor) -> Response:
        """Whether all uncertain ones are really to be sent again, and which and how many those are."""
        asked = {name: request.query_params.get(name, "") for name in _KEPT}
        since = self._kit.parts.station.now() - timedelta(days=_days(asked))
        async with self._kit.read(visitor) as (tx, guard):
            guard.some(Right.OVERSEE)
            view = await read_to_resend(tx, self._wanted(guard, {**asked, "state": ""}), since)
            units = await tx.roster.units()
        return self._kit.renderer.page(
            request,
            visitor,
            "deliveries_resend.html",
            view=view,
            since=since,
            unit=units.get(UnitCode(asked["unit"])),
            asked=asked,
            tell=Teller.of(self._kit, visitor.locale, {}),
            back=address(DELIVERIES, **asked),
        )

    async def resend_all(self, request: Request, visitor: Visitor) -> Response:
        """Send again what the page before showed, as far as it is uncertain still."""
        form = await read_form(request)
        asked = {name: text_of(form, name) for name in _KEPT}
        first, last = (MessageId(number(text_of(form, name)) or 0) for name in ("first", "last"))
        async with self._kit.read(visitor) as (tx, guard):
            guard.some(Right.OVERSEE)
            wanted = replace(self._wanted(guard, {**asked, "state": ""}), first=first)
            ids = await tx.deliveries.uncertain_ids(wanted, last)
        again = await resend_these(self._kit.parts, ids, actor(visitor))
        did = "resent" if again else "resent_none"
        return RedirectResponse(address(DELIVERIES, did=did, **asked), status_code=303)

    async def resend(self, request: Request, visitor: Visitor) -> Response:
        """Send an uncertain message again; back to the page as it was filtered."""
        form = await read_form(request)
        async with self._kit.write(visitor) as (tx, guard):
            message = await guard.message(tx, request.path_params["message"], Right.OVERSEE)
            await resend(tx, message.id, actor(visitor), self._kit.parts.station.now())
        kept = {name: text_of(form, name) for name in _KEPT}
        return RedirectResponse(address(DELIVERIES, did="resent", **kept), status_code=303)

    # ── what is asked for ──

    def _wanted(self, guard: Guard, asked: Mapping[str, str]) -> DeliveryFilter:
        """The filter of the list. A unit stands for all below it. Raises NotAllowed, NotFound."""
        lane = asked["lane"].upper()
        everywhere = None if guard.scope.everything else guard.some(Right.OVERSEE)
        templates = self._kit.parts.station.texts.names()
        return DeliveryFilter(
            units=guard.below(asked["unit"], Right.OVERSEE) if asked["unit"] else everywhere,
            state=chosen(MessageState, asked["state"]),
            channel=chosen(ChannelName, asked["channel"]),
            lane=Lane[lane] if lane in Lane.__members__ else None,
            template=asked["template"] if asked["template"] in templates else None,
        )

    # ── the file ──

    async def _sets(self, visitor: Visitor, wanted: DeliveryFilter) -> AsyncIterator[Iterable[Row]]:
        """Its messages in sets, each read in a transaction of its own."""
        yield [[self._kit.renderer.say(visitor.locale, f"deliveries.{name}") for name in _COLUMNS]]
        before: MessageId | None = None
        for _ in range(MOST_EXPORTED // EXPORTED_TOGETHER):
            async with self._kit.read(visitor) as (tx, _guard):
                listed, before = await read_messages(tx, wanted, before, EXPORTED_TOGETHER)
                people = await tx.roster.people({m.person for m in listed if m.person is not None})
            tell = Teller.of(self._kit, visitor.locale, people)
            yield [self._row(tell, visitor.locale, message, people) for message in listed]
            if before is None:
                return

    def _row(
        self, tell: Teller, locale: str, message: StoredMessage, people: Mapping[PersonId, Person]
    ) -> Row:
        person = people.get(message.person) if message.person is not None else None
        return (
            self._moment(message.created_at),
            message.id,
            message.person,
            person.name if person else None,
            person.unit if person else None,
            tell.channel(message.channel),
            self._kit.renderer.say(locale, f"wall.lane_{message.lane.name.lower()}"),
            message.template,
            self._kit.renderer.say(locale, f"deliveries.state_{message.state}"),
            message.error,
            int(message.repeated),
            message.case,
            *(self._moment(at) for at in (message.sent_at, message.delivered_at, message.answered_at)),
        )

    def _moment(self, moment: datetime | None) -> str | None:
        return moment.astimezone(self._kit.parts.station.zone).isoformat() if moment else None


def _days(asked: Mapping[str, str]) -> int:
    """How many days back: one of the spans."""
    days = number(asked["days"])
    return days if days in SPANS else SPANS[0]
