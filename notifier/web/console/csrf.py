"""That a change was asked for by a page of ours, and by the session that page was made for."""

from hmac import compare_digest
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request

from notifier.errors import NotAllowed
from notifier.files.given import MOST_BYTES
from notifier.web.body import MAX_BODY

FIELD: Final = "csrf"
HEADER: Final = "X-CSRF"
MAX_UPLOAD: Final = MOST_BYTES + MAX_BODY // 16
"""Bytes of a form with roster files in it."""
_MAX_FIELDS: Final = 2000
_MAX_FILES: Final = 10
_READ_AWAY: Final = 64 * MAX_BODY
"""Bytes of a form too large that are taken and dropped: a browser that is cut off shows no answer."""


def require_own_site(request: Request, public_url: str | None) -> None:
    """Raise NotAllowed for what another site's page sent. A browser says so by itself."""
    fetch_site = request.headers.get("sec-fetch-site")
    if fetch_site is not None:
        if fetch_site != "same-origin":
            raise NotAllowed("another site sent that")
        return
    origin = request.headers.get("origin")
    if origin is not None and origin not in _own_origins(request, public_url):
        raise NotAllowed("another site sent that")


def require_token(given: str, expected: str) -> None:
    """Raise NotAllowed unless the page was made for this session."""
    if not compare_digest(given.encode("utf-8", "replace"), expected.encode()):
        raise NotAllowed("that page is of another session; load it again")


async def read_form(request: Request, *, most: int = MAX_BODY) -> FormData:
    """The form that was posted, of at most so many bytes; read once, and the same whenever it is asked for.

    Raises HTTPException: 411 without a length, 413 beyond ``most``, 400 for no form.
    """
    length = request.headers.get("content-length", "")
    if not (length.isascii() and length.isdigit()):
        raise HTTPException(411)
    if len(length) > len(str(_READ_AWAY)) or int(length) > most:
        await _read_away(request, length)
        raise HTTPException(413)
    return await request.form(max_files=_MAX_FILES, max_fields=_MAX_FIELDS, max_part_size=MAX_BODY)


async def _read_away(request: Request, length: str) -> None:
    if len(length) <= len(str(_READ_AWAY)) and int(length) <= _READ_AWAY:
        async for _ in request.stream():
            pass


def text_of(form: FormData, name: str) -> str:
    """A field's text; empty when it is not there, or is a file."""
    value = form.get(name)
    return value if isinstance(value, str) else ""


def _own_origins(request: Request, public_url: str | None) -> set[str]:
    host = request.headers.get("host", "")
    own = {f"{request.url.scheme}://{host}"}
    if public_url is not None:
        parts = urlsplit(public_url)
        own.add(f"{parts.scheme}://{parts.netloc}")
    return own
