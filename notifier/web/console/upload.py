"""Roster files handed in: what they would change is shown first, and taken in when that is confirmed."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from notifier.engine.importing import ImportReport
from notifier.engine.uploading import Seen, Uploads
from notifier.errors import FileRefused, Finding, InputError
from notifier.files.given import Given
from notifier.web.console.csrf import MAX_UPLOAD, read_form, text_of
from notifier.web.console.finding_words import FindingWords
from notifier.web.console.kit import Kit, actor
from notifier.web.console.roster import ROSTER
from notifier.web.console.routes import Routes
from notifier.web.console.telling import Teller
from notifier.web.console.upload_rows import tables_of
from notifier.web.console.visit import Visitor

UPLOAD: Final = f"{ROSTER}/upload"
ONE: Final = f"{UPLOAD}/{{upload}}"
_DID: Final = frozenset({"applied", "dropped"})
_MOST_FINDINGS: Final = 500
"""Shown; the rest are counted."""


class UploadPages:
    """The form, what an upload would change, and the two things that may become of it."""

    def __init__(self, kit: Kit) -> None:
        """Work with the console's kit."""
        self._kit = kit
        self._uploads = Uploads(kit.parts)
        self._findings = FindingWords.load()

    def add_to(self, routes: Routes) -> None:
        """Take the pages in."""
        routes.get(UPLOAD, self.form)
        routes.post_files(UPLOAD, self.hand_in)
        routes.get(ONE, self.seen)
        routes.post(f"{ONE}/apply", self.apply)
        routes.post(f"{ONE}/drop", self.drop)

    async def form(self, request: Request, visitor: Visitor) -> Response:
        """Where files are handed in; who may not is told why."""
        did = request.query_params.get("did", "")
        return self._page(request, visitor, did=did if did in _DID else "")

    async def hand_in(self, request: Request, visitor: Visitor) -> Response:
        """Look the files over: every bad place, or what they would change."""
        form = await read_form(request, most=MAX_UPLOAD)
        files = [one for one in form.getlist("files") if isinstance(one, UploadFile) and one.filename]
        if not files:
            raise InputError(self._kit.renderer.say(visitor.locale, "upload.none"))
        given = [Given(name=one.filename or "", content=await one.read()) for one in files]
        try:
            seen = await self._uploads.look_over(given, visitor.person.id)
        except FileRefused as refused:
            return self._page(request, visitor, status=400, refused=refused.findings)
        if seen.upload is None:
            return self._page(request, visitor, unchanged=seen.report)
        return RedirectResponse(_address(seen.upload.id), status_code=303)

    async def seen(self, request: Request, visitor: Visitor) -> Response:
        """What it would change, as it was when it was last looked over."""
        async with self._kit.read(visitor) as (tx, guard):
            guard.everything()
            seen = await self._uploads.seen(tx, request.path_params["upload"])
        return self._shown(request, visitor, seen, anew="anew" in request.query_params)

    async def apply(self, request: Request, visitor: Visitor) -> Response:
        """Take in exactly what was shown; where that is not the same any more, show it anew."""
        name = request.path_params["upload"]
        form = await read_form(request)
        async with self._kit.read(visitor) as (tx, guard):
            guard.everything()
            await self._uploads.seen(tx, name)
        try:
            report = await self._uploads.apply(name, text_of(form, "seen"), actor(visitor))
        except FileRefused as refused:
            return self._page(request, visitor, status=409, refused=refused.findings)
        if report.dry_run:
            return RedirectResponse(f"{_address(name)}?anew=1", status_code=303)
        return RedirectResponse(f"{UPLOAD}?did=applied", status_code=303)

    async def drop(self, request: Request, visitor: Visitor) -> Response:
        """Forget the files."""
        async with self._kit.write(visitor) as (tx, guard):
            guard.everything()
            name = request.path_params["upload"]
            await self._uploads.seen(tx, name)
            await self._uploads.abandon(tx, name)
        return RedirectResponse(f"{UPLOAD}?did=dropped", status_code=303)

    # ── pages ──

    def _page(
        self,
        request: Request,
        visitor: Visitor,
        *,
        status: int = 200,
        refused: Sequence[Finding] = (),
        unchanged: ImportReport | None = None,
        did: str = "",
    ) -> Response:
        odd = unchanged.odd if unchanged else ()
        return self._kit.renderer.page(
            request,
            visitor,
            "roster_upload.html",
            status=status,
            may=visitor.scope.everything,
            refused=self._findings.told(visitor.locale, refused[:_MOST_FINDINGS]),
            refused_count=len(refused),
            odd=self._findings.told(visitor.locale, odd),
            unchanged=unchanged is not None,
            did=did,
        )

    def _shown(self, request: Request, visitor: Visitor, seen: Seen, *, anew: bool) -> Response:
        teller = Teller.of(self._kit, visitor.locale, {})
        return self._kit.renderer.page(
            request,
            visitor,
            "roster_upload_diff.html",
            upload=seen.upload,
            report=seen.report,
            odd=self._findings.told(visitor.locale, seen.report.odd),
            tables=tables_of(seen.report, teller),
            anew=anew,
            tell=teller,
        )


def _address(upload: str) -> str:
    return ONE.format(upload=quote(upload, safe=""))
