"""The API's description as a page, rendered here: it fetches nothing from anywhere, and no script runs."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from notifier.web.api.gate import OPENAPI
from notifier.web.api.problems import TITLES
from notifier.web.api.shapes import Schema, Shapes
from notifier.web.console.assets import Assets
from notifier.web.console.render import environment_of

PAGES: Final = Path(__file__).parent / "pages"
_JSON: Final = "application/json"
_CODE: Final = re.compile("``?([^`]+)``?")
_BREAK: Final = " \\\n     "


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """What an address or a header may say."""

    name: str
    place: str
    kind: str
    about: str
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What comes back when it went well: an example, and words about it."""

    status: str
    shape: str
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationDoc:
    """One operation as the page shows it. ``example`` is a call with curl, ``body`` what is sent."""

    id: str
    method: str
    path: str
    summary: str
    text: str
    parameters: tuple[Parameter, ...]
    body: Answer | None
    answers: tuple[Answer, ...]
    problems: tuple[str, ...]
    example: str


class DocsPage:
    """Renders the page; it is the same for everybody."""

    def __init__(self, api: FastAPI, assets: Assets, site: str) -> None:
        """``api`` is described."""
        self._api = api
        self._environment = environment_of(PAGES)
        own = {"asset": assets.url, "site": site, "openapi": OPENAPI, "problems": TITLES}
        self._environment.globals |= own
        self._environment.filters["coded"] = coded
        self._text: str | None = None

    async def show(self, _request: Request) -> Response:
        """The page."""
        if self._text is None:
            described = self._api.openapi()
            groups = [(tag, operations_of(described, tag["name"])) for tag in described["tags"]]
            page = self._environment.get_template("docs.html")
            self._text = page.render(about=described["info"], groups=groups)
        return HTMLResponse(self._text)


def operations_of(described: Schema, tag: str) -> list[OperationDoc]:
    """The operations of that tag, in the order of the description."""
    shapes = Shapes(described)
    return [
        _operation(shapes, path, method, operation)
        for path, operations in described["paths"].items()
        for method, operation in operations.items()
        if tag in operation["tags"]
    ]


def coded(text: str) -> Markup:
    """The text, with what stands between backticks as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))


def _operation(shapes: Shapes, path: str, method: str, told: Schema) -> OperationDoc:
    sent = told.get("requestBody", {}).get("content", {}).get(_JSON, {}).get("schema")
    answers = told["responses"].items()
    return OperationDoc(
        id=told["operationId"],
        method=method.upper(),
        path=path,
        summary=told["summary"],
        text=told.get("description", ""),
        parameters=tuple(_parameter(shapes, one) for one in told.get("parameters", ())),
        body=None if sent is None else _shaped(shapes, "", sent),
        answers=tuple(
            _shaped(shapes, status, one["content"][_JSON]["schema"])
            for status, one in answers
            if _JSON in one.get("content", {})
        ),
        problems=tuple(status for status, one in answers if _JSON not in one.get("content", {})),
        example=_curl(shapes, path, method, sent),
    )


def _parameter(shapes: Shapes, told: Schema) -> Parameter:
    return Parameter(
        name=told["name"],
        place=told["in"],
        kind=shapes.kind(told["schema"]).removesuffix(" | null"),
        about=told.get("description", ""),
        required=told.get("required", False),
    )


def _shaped(shapes: Shapes, status: str, schema: Schema) -> Answer:
    return Answer(status=status, shape=shapes.shown(schema), about=shapes.about(schema))


def _curl(shapes: Shapes, path: str, method: str, sent: Schema | None) -> str:
    parts = [f'curl "$NOTIFIER{path}"', '-H "Authorization: Bearer $TOKEN"']
    if method != "get":
        parts.append(f"-X {method.upper()}")
    if sent is not None:
        body = json.dumps(shapes.example(sent), ensure_ascii=False)
        parts += [f'-H "Content-Type: {_JSON}"', f"-d '{body}'"]
    return _BREAK.join(parts)
