"""Lists, a page at a time: a cursor says where the next page begins, and nothing falls between two pages."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar
from urllib.parse import urlencode

from fastapi import Depends, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from notifier.errors import InputError
from notifier.web.api.problems import path_of

MOST = 200
USUAL = 50
_LONGEST_CURSOR = 1000
_MOST = 2**31

Item = TypeVar("Item")
Found = TypeVar("Found")
Key = tuple[str | int, ...]


class Page(BaseModel, Generic[Item]):
    """One page of a list."""

    items: list[Item]
    next: str | None = Field(description="The cursor of the next page; null at the end.")


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page is asked for. One that has ``fetch`` items may have another behind it."""

    request: Request
    response: Response
    limit: int
    cursor: str | None

    @property
    def fetch(self) -> int:
        """How many to read: one more than are shown, to know whether there is a next page."""
        return self.limit + 1

    def after(self, *kinds: type) -> Key | None:
        """The key behind which the page begins; None for the first. Raises InputError for a strange one."""
        if self.cursor is None:
            return None
        try:
            told = json.loads(urlsafe_b64decode(self.cursor.encode("ascii") + b"=="))
            path, *key = told if isinstance(told, list) else []
        except (NotBase64, ValueError, RecursionError):
            raise no_cursor() from None
        if path != path_of(self.request) or [type(part) for part in key] != list(kinds):
            raise no_cursor()
        if not all(_is_sound(part) for part in key):
            raise no_cursor()
        return tuple(key)

    def page(
        self, found: Sequence[Found], key: Callable[[Found], Key], make: Callable[[Found], Item]
    ) -> Page[Item]:
        """The page that shows what was found, of which there are ``fetch`` where more follows."""
        shown = found[: self.limit]
        last = key(shown[-1]) if len(found) > self.limit else None
        return self.page_to([make(one) for one in shown], last)

    def page_to(self, items: list[Item], last: Key | None) -> Page[Item]:
        """The page of those items; ``last`` is the key behind which the next one begins, None at the end."""
        following = self._cursor(last) if last is not None else None
        if following is not None:
            query = urlencode({**self.request.query_params, "cursor": following})
            self.response.headers["Link"] = f'<{path_of(self.request)}?{query}>; rel="next"'
        return Page(items=items, next=following)

    def _cursor(self, key: Key) -> str:
        told = json.dumps([path_of(self.request), *key], ensure_ascii=False, separators=(",", ":"))
        return urlsafe_b64encode(told.encode()).decode().rstrip("=")


def _is_sound(part: str | int) -> bool:
    """Whether both databases take it: somebody may have made that cursor himself."""
    return part.isprintable() if isinstance(part, str) else 0 <= part < _MOST


def no_cursor() -> InputError:
    """The error for a cursor that leads nowhere."""
    return InputError("cursor: that is none of this list's; begin without one")


def _paging(
    request: Request,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=MOST, description="Items of a page.")] = USUAL,
    cursor: Annotated[
        str | None,
        Query(max_length=_LONGEST_CURSOR, description="`next` of the page before; as it was given."),
    ] = None,
) -> Paging:
    return Paging(request, response, limit, cursor)


Paged = Annotated[Paging, Depends(_paging)]
"""Of a function that gives a list."""
