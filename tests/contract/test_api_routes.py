"""Every operation of the API with every role, and with the ids of a unit that is not the caller's.

An operation that is not in the table below fails the first test: whoever adds one says here who may use it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest
from fastapi import FastAPI

from notifier.domain.access import SEE_ONLY, Right
from notifier.store.database import Database
from notifier.web.api.api import create_api
from notifier.web.api.routes import Operation
from tests.contract.api_client import PROBLEM, program, told
from tests.contract.console_client import Console
from tests.contract.store_city import ANN, CAI, EVA, GATE, V1, V2
from tests.contract.test_console_routes import NO_SUCH as UNKNOWN
from tests.contract.test_console_routes import ROLES, open_console


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """``right`` in V1, to which the ids in the path belong; without ids, in any unit; None: everybody.

    ``query`` names things of V1 as well. ``body`` is what a change is sent.
    """

    right: Right | None = None
    ids: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: object = None


_UNIT = {"unit": V1}
_CASE = {"case": "1"}
_BROADCAST = {"broadcast": "1"}

OPERATIONS: dict[tuple[str, str], Allowed] = {
    ("GET", "/api/v1/me"): Allowed(),
    ("GET", "/api/v1/units"): Allowed(right=Right.SEE, query=_UNIT),
    ("GET", "/api/v1/units/{unit}"): Allowed(right=Right.SEE, ids=_UNIT),
    ("GET", "/api/v1/people"): Allowed(right=Right.SEE, query=_UNIT),
    ("GET", "/api/v1/people/{person}"): Allowed(right=Right.SEE, ids={"person": ANN}),
    ("GET", "/api/v1/offices"): Allowed(right=Right.SEE, query=_UNIT),
    ("GET", "/api/v1/shifts"): Allowed(right=Right.SEE, query={**_UNIT, "post": GATE}),
    ("GET", "/api/v1/messages"): Allowed(right=Right.SEE, query={**_UNIT, "case": "1", "person": ANN}),
    ("GET", "/api/v1/messages/{message}"): Allowed(right=Right.SEE, ids={"message": "1"}),
    ("GET", "/api/v1/cases"): Allowed(right=Right.SEE, query=_UNIT),
    ("GET", "/api/v1/cases/{case}"): Allowed(right=Right.SEE, ids=_CASE),
    **{
        ("POST", f"/api/v1/cases/{{case}}/{deed}"): Allowed(right=Right.ACT, ids=_CASE, body={"reason": "r"})
        for deed in ("acknowledge", "resolve", "cancel")
    },
    ("GET", "/api/v1/broadcasts"): Allowed(),
    ("GET", "/api/v1/broadcasts/{broadcast}"): Allowed(right=Right.SEE, ids=_BROADCAST),
    ("POST", "/api/v1/broadcasts"): Allowed(
        right=Right.BROADCAST, body={"kind": "notice", "title": "t", "body": "b", "to": [f"unit:{V1}"]}
    ),
    ("POST", "/api/v1/broadcasts/{broadcast}/cancel"): Allowed(right=Right.BROADCAST, ids=_BROADCAST),
    ("GET", "/api/v1/journal"): Allowed(right=Right.OVERSEE, query={**_UNIT, "case": "1", "person": ANN}),
}

NO_SUCH = {**UNKNOWN, "post": "V9-G9"}
PATHS = (
    "/api",
    "/api/",
    "/api/v1",
    "/api/v1/nothing",
    "/api/v2/units",
    "/api/v1/docs/more",
    "/api/v1/nothing%0A",
    "/api/v1/docs%3F",
    "/api/v1/openapi.json%23x",
)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW")


def operations(api: FastAPI) -> Iterator[tuple[str, str]]:
    for route in api.router.routes:
        if isinstance(route, Operation):
            yield from ((method, route.path) for method in route.methods or ())


def filled(path: str, ids: Mapping[str, str]) -> str:
    for name, value in ids.items():
        path = path.replace(f"{{{name}}}", value)
    return path


def asked(path: str, ids: Mapping[str, str], query: Mapping[str, str]) -> str:
    told = "&".join(f"{name}={value}" for name, value in query.items())
    return filled(path, ids) + (f"?{told}" if told else "")


async def test_every_operation_is_in_the_table(sqlite_database: Database) -> None:
    console = await open_console(sqlite_database)
    assert set(operations(create_api(console.parts))) == set(OPERATIONS)


async def test_without_a_token_nothing_is_told(sqlite_database: Database) -> None:
    """One answer for what there is, what there is not, and what makes no sense, by whatever method."""
    console = await open_console(sqlite_database)
    guest, answers = console.guest(), set()
    paths = {
        filled(path, ids) for _, path in OPERATIONS for ids in ({**NO_SUCH}, dict.fromkeys(NO_SUCH, "%00"))
    }
    for path in (*PATHS, *paths, "/api/v1/units?limit=x"):
        for method in METHODS:
            answer = await guest.request(
                method, path, content=b"{", headers={"Content-Type": "application/json"}
            )
            assert answer.status_code == 401, f"{method} {path}"
            assert answer.headers["content-type"] == PROBLEM
            if method != "HEAD":
                answers.add(answer.json()["detail"])
    assert len(answers) == 1


@pytest.mark.parametrize("role", ROLES)
async def test_what_is_out_of_reach_is_403_whether_or_not_there_is_any(
    sqlite_database: Database, role: str
) -> None:
    console = await open_console(sqlite_database)
    who = ROLES[role]
    caller = await program(console, who.person)
    for (method, path), entry in OPERATIONS.items():
        if entry.right is None or entry.right in who.rights:
            continue
        details = set()
        for ids, query in (
            (entry.ids, entry.query),
            (NO_SUCH, {name: NO_SUCH[name] for name in entry.query}),
            (entry.ids, {**entry.query, "limit": "x", "cursor": "x"}),
        ):
            if ids or query:
                answer = await caller.ask(method, asked(path, ids, query), json=entry.body)
                details.add(told(answer, 403))
        assert len(details) == 1, path


@pytest.mark.parametrize("role", [role for role, who in ROLES.items() if who.rights])
async def test_what_is_in_reach_is_let_through(sqlite_database: Database, role: str) -> None:
    console = await open_console(sqlite_database)
    who = ROLES[role]
    caller = await program(console, who.person)
    for (method, path), entry in OPERATIONS.items():
        if entry.right is None or entry.right in who.rights:
            answer = await caller.ask(method, asked(path, entry.ids, entry.query), json=entry.body)
            assert answer.status_code in (200, 201, 409, 422), f"{path}: {answer.text}"
            assert method != "GET" or answer.status_code == 200, f"{path}: {answer.text}"


async def test_a_token_reaches_no_further_than_its_limit(sqlite_database: Database) -> None:
    """The city's desk, with a token that is for V2 alone, and one that may only look."""
    console = await open_console(sqlite_database)
    elsewhere = await program(console, EVA, unit=V2)
    looking = await program(console, EVA, SEE_ONLY)
    for (method, path), entry in OPERATIONS.items():
        if entry.right is None:
            continue
        if entry.ids or entry.query:
            told(await elsewhere.ask(method, asked(path, entry.ids, entry.query), json=entry.body), 403)
        if entry.right is not Right.SEE:
            told(await looking.ask(method, asked(path, entry.ids, entry.query), json=entry.body), 403)


async def test_the_city_is_told_what_there_is_not(sqlite_database: Database) -> None:
    console = await open_console(sqlite_database)
    city = await program(console, EVA)
    for (method, path), entry in OPERATIONS.items():
        if entry.ids:
            told(await city.ask(method, filled(path, NO_SUCH), json=entry.body), 404)
        for name in entry.query:
            answer = await city.ask(method, asked(path, entry.ids, {name: NO_SUCH[name]}), json=entry.body)
            told(answer, 404)


async def test_whoever_has_a_token_is_told_what_paths_and_methods_there_are(
    sqlite_database: Database,
) -> None:
    console = await open_console(sqlite_database)
    cai = await program(console, CAI)
    for path in PATHS:
        told(await cai.get(path), 404)
    answer = await cai.ask("DELETE", "/me")
    told(answer, 405)
    assert answer.headers["allow"] == "GET"
    assert GATE not in (await cai.get("/me")).text


async def test_what_everybody_may_read_is_open_to_be_read_only(sqlite_database: Database) -> None:
    console = await Console.open(sqlite_database)
    for path in ("/api/v1/openapi.json", "/api/v1/docs"):
        assert (await console.guest().get(path)).status_code == 200
        told(await console.guest().post(path), 401)
