"""The API's description: what FastAPI makes of the types, with the token and the problems put in."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from notifier.web.api.problems import MEDIA_TYPE, TITLES, Problem

VERSION: Final = "1"
_ALWAYS: Final = (401, 403, 422, 500, 503)
_OF_THINGS: Final = (404,)
_OF_CHANGES: Final = (400, 404, 408, 409, 413, 415)
_TAGS: Final = {
    "me": "令牌本身 / The token itself",
    "units": "单位 / Units, and how each stands",
    "people": "人员 / People",
    "offices": "职务 / Offices",
    "shifts": "班次 / Shifts",
    "cases": "案件 / Cases",
    "broadcasts": "群发 / Broadcasts",
    "messages": "消息 / Messages",
    "journal": "流水 / The journal",
}


def describe(api: FastAPI) -> dict[str, Any]:
    """The OpenAPI document; made once."""
    if api.openapi_schema is None:
        api.openapi_schema = _made(api)
    return api.openapi_schema


def _made(api: FastAPI) -> dict[str, Any]:
    told = get_openapi(
        title="notifier",
        version=VERSION,
        description=(
            "各项权限与令牌主人此刻的职务一致，并受令牌自身限制。"
            " What a token may is what its person may at that moment, within the token's own limit."
        ),
        routes=api.routes,
        tags=[{"name": name, "description": text} for name, text in _TAGS.items()],
    )
    schemas = told["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = Problem.model_json_schema()
    told["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    told["security"] = [{"token": []}]
    used: set[str] = set()
    for path, operations in told["paths"].items():
        for method, operation in operations.items():
            used.update(operation["tags"])
            operation["responses"] |= _problems(method, of_things="{" in path or _names_things(operation))
    told["tags"] = [tag for tag in told["tags"] if tag["name"] in used]
    return told


def _names_things(operation: dict[str, Any]) -> bool:
    """Whether a query may name what there is not."""
    names = {one["name"] for one in operation.get("parameters", ())}
    return bool(names & {"unit", "case", "person", "post", "broadcast"})


def _problems(method: str, *, of_things: bool) -> dict[str, Any]:
    statuses = {*_ALWAYS, *(_OF_THINGS if of_things else ()), *(_OF_CHANGES if method != "get" else ())}
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {str(s): {"description": TITLES[s][0], "content": content} for s in sorted(statuses)}
