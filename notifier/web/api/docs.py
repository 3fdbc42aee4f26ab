"""The API's description as a page, rendered here: it fetches nothing from anywhere, and no script runs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from notifier.web.api.gate import OPENAPI
from notifier.web.api.problems import TITLES
from notifier.web.console.assets import Assets

PAGES: Final = Path(__file__).parent / "pages"
_DEPTH: Final = 6

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationDoc:
    """One operation as the page shows it. ``example`` is a call with curl; ``fields`` what it answers."""

    id: str
    method: str
    path: str
    summary: str
    text: str
    parameters: tuple[Schema, ...]
    body: str | None
    answers: tuple[tuple[str, str, str | None], ...]
    example: str


class DocsPage:
    """Renders the page; it is the same for everybody."""

    def __init__(self, api: FastAPI, assets: Assets, site: str) -> None:
        """``api`` is described."""
        self._api = api
        self._environment = Environment(
            loader=FileSystemLoader(PAGES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals |= {
            "asset": assets.url,
            "site": site,
            "openapi": OPENAPI,
            "problems": TITLES,
        }
        self._environment.filters["kind"] = kind_of
        self._text: str | None = None

    async def show(self, request: Request) -> Response:
        """The page."""
        if self._text is None:
            told = self._api.openapi()
            page = self._environment.get_template("docs.html")
            self._text = page.render(
                about=told["info"], groups=[(tag, operations_of(told, tag["name"])) for tag in told["tags"]]
            )
        return HTMLResponse(self._text)


def operations_of(told: Schema, tag: str) -> list[OperationDoc]:
    """The operations of that tag, in the order of the description."""
    return [
        _operation(told, path, method, operation)
        for path, operations in told["paths"].items()
        for method, operation in operations.items()
        if tag in operation["tags"]
    ]


def _operation(told: Schema, path: str, method: str, operation: Schema) -> OperationDoc:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    return OperationDoc(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        text=operation.get("description", ""),
        parameters=tuple(operation.get("parameters", ())),
        body=None if body is None else _shown(told, body),
        answers=tuple(_answer(told, status, one) for status, one in sorted(operation["responses"].items())),
        example=_curl(told, path, method, body),
    )


def _answer(told: Schema, status: str, answer: Schema) -> tuple[str, str, str | None]:
    schema = answer.get("content", {}).get("application/json", {}).get("schema")
    return status, answer["description"], None if schema is None else _shown(told, schema)


def _curl(told: Schema, path: str, method: str, body: Schema | None) -> str:
    lines = [f'curl -H "Authorization: Bearer $TOKEN" "$NOTIFIER{path}"']
    if method != "get":
        lines.append(f"  -X {method.upper()}")
    if body is not None:
        sent = json.dumps(example_of(told, body), ensure_ascii=False)
        lines += ["  -H 'Content-Type: application/json'", f"  -d '{sent}'"]
    return " \\\n".join(lines)


def _shown(told: Schema, schema: Schema) -> str:
    return json.dumps(example_of(told, schema), ensure_ascii=False, indent=2)


def example_of(told: Schema, schema: Schema, depth: int = _DEPTH) -> object:
    """A value of that shape: what is said as an example, else the kind of each part."""
    if depth == 0:
        return "..."
    if reference := schema.get("$ref"):
        return example_of(told, told["components"]["schemas"][reference.rpartition("/")[2]], depth - 1)
    if examples := schema.get("examples"):
        return examples[0]
    if schema.get("type") == "object" and "properties" in schema:
        return {name: example_of(told, part, depth - 1) for name, part in schema["properties"].items()}
    if schema.get("type") == "array":
        return [example_of(told, schema["items"], depth - 1)]
    if schema.get("type") in ("integer", "boolean"):
        return 0 if schema["type"] == "integer" else False
    return kind_of(schema)


def kind_of(schema: Schema) -> str:
    """What a value is, in a word or two."""
    if "anyOf" in schema:
        return " | ".join(kind_of(part) for part in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if reference := schema.get("$ref"):
        return str(reference).rpartition("/")[2]
    return str(schema.get("format") or schema.get("type", "any"))
