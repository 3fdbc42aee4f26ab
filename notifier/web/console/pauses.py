"""Pausing a post or a unit from whichever page it is seen on, and ending a pause."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from urllib.parse import unquote

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from notifier.domain.access import Right
from notifier.domain.ids import PostCode, UnitCode
from notifier.domain.pausing import Pause
from notifier.engine.access.guard import Guard
from notifier.engine.console.case_actions import pause_once
from notifier.engine.pausing import PauseOrder
from notifier.errors import InputError, NotFound
from notifier.store.tx import Tx
from notifier.web.console.csrf import read_form, text_of
from notifier.web.console.kit import Kit, actor
from notifier.web.console.routes import Routes
from notifier.web.console.said import Refused, Said, ShowAgain, Typed
from notifier.web.console.visit import Visitor, safe_next

PAUSES: Final = "/console/pauses"
LONGEST_PAUSE_H: Final = 7 * 24
_POST, _UNIT = "post", "unit"

DID: Final[Mapping[str, bool]] = {"pause": True, "resume": True, "paused_already": False, "not_paused": False}
"""What the page that a change leads back to is told of it, and whether anything was changed."""


class PausePages:
    """Changes below ``/console/pauses``; both lead back to the page they came from."""

    def __init__(self, kit: Kit, pages: Mapping[str, ShowAgain]) -> None:
        """``pages`` show what was refused, each for the addresses below its own."""
        self._kit = kit
        self._pages = pages

    def add_to(self, routes: Routes) -> None:
        """Take the changes in."""
        routes.post(PAUSES, self.pause)
        routes.post(f"{PAUSES}/{{number}}/end", self.resume)

    async def pause(self, request: Request, visitor: Visitor) -> Response:
        """``where`` is ``post:CODE`` or ``unit:CODE``; for so many ``hours``, for a ``reason``."""
        form = await read_form(request)
        try:
            return await self._pause(visitor, form)
        except InputError as error:
            answer = await self._show_again(request, visitor, form, str(error))
            if answer is None:
                raise
            return answer

    async def _pause(self, visitor: Visitor, form: FormData) -> Response:
        now = self._kit.parts.station.now()
        async with self._kit.write(visitor) as (tx, guard):
            unit, post = await _where(tx, guard, text_of(form, "where"))
            order = PauseOrder(
                reason=self._reason(visitor, form),
                since=now,
                until=now + self._hours(visitor, form),
                unit=unit,
                post=post,
            )
            _, is_new = await pause_once(self._kit.parts, tx, order, actor(visitor), now)
        return _back(form, "pause" if is_new else "paused_already")

    async def resume(self, request: Request, visitor: Visitor) -> Response:
        """End a pause now."""
        form = await read_form(request)
        now = self._kit.parts.station.now()
        async with self._kit.write(visitor) as (tx, guard):
            # Before it is read, so that of two who press at once the second finds it ended.
            await tx.cases.decide_alone()
            pause = await _pause(tx, guard, request.path_params["number"])
            if pause.until is not None and pause.until <= now:
                return _back(form, "not_paused")
            await self._kit.parts.pausing.resume(tx, pause, actor(visitor), now)
        return _back(form, "resume")

    async def _show_again(
        self, request: Request, visitor: Visitor, form: FormData, why: str
    ) -> Response | None:
        """The page that it came from, with what was typed; None for a page that keeps nothing."""
        folder, _, name = safe_next(text_of(form, "back")).partition("?")[0].rpartition("/")
        show = self._pages.get(folder)
        if show is None:
            return None
        said = Said(text=why, is_done=False)
        return await show(
            request, visitor, unquote(name), Refused(status=400, said=said, typed=Typed.of("pause", form))
        )

    def _reason(self, visitor: Visitor, form: FormData) -> str:
        reason = text_of(form, "reason").strip()
        if not reason:
            raise InputError(self._say(visitor, "case.needs_reason"))
        return reason

    def _hours(self, visitor: Visitor, form: FormData) -> timedelta:
        told = text_of(form, "hours").strip()
        hours = int(told) if told.isascii() and told.isdigit() and len(told) <= 3 else 0
        if not 1 <= hours <= LONGEST_PAUSE_H:
            raise InputError(self._say(visitor, "case.bad_minutes", most=LONGEST_PAUSE_H))
        return timedelta(hours=hours)

    def _say(self, visitor: Visitor, text: str, /, **values: object) -> str:
        return self._kit.renderer.say(visitor.locale, text, **values)


async def _where(tx: Tx, guard: Guard, told: str) -> tuple[UnitCode | None, PostCode | None]:
    kind, _, code = told.partition(":")
    if kind == _POST:
        return None, (await guard.post(tx, code, Right.PAUSE)).code
    if kind == _UNIT:
        return guard.unit(code, Right.PAUSE), None
    raise InputError("where is neither post:CODE nor unit:CODE; choose one of the list")


async def _pause(tx: Tx, guard: Guard, number: str) -> Pause:
    is_number = number.isascii() and number.isdigit() and len(number) < 10
    found = await tx.pauses.get(int(number)) if is_number else None
    if found is None:
        # Who may not do everything is refused as for a pause out of his reach.
        guard.everything()
        raise NotFound(f"there is no pause {number}")
    if found.post is not None:
        await guard.post(tx, found.post, Right.PAUSE)
    else:
        guard.unit(found.unit or "", Right.PAUSE)
    return found


def _back(form: FormData, did: str) -> Response:
    path = safe_next(text_of(form, "back")).partition("?")[0]
    return RedirectResponse(f"{path}?did={did}", status_code=303)
