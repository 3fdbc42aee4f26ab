"""Every operation of the API with whatever its description allows, and with what it does not allow.

Nothing makes it fail, and what it answers is as it is described, for who may do everything and for who may
do little. The examples are the same in each run.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from notifier.domain.access import ALL_RIGHTS, SEE_ONLY, Rights
from notifier.domain.ids import PersonId
from notifier.store.database import Database
from notifier.web.api.api import create_api
from tests.contract.api_client import Program, program
from tests.contract.store_city import ANN, EVA, GATE, V1
from tests.contract.test_console_routes import open_console
from tests.contract.web_client import PUBLIC

EXAMPLES: Final = 10
"""Of each operation, kind of data and caller."""
CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
KNOWN: Final[Mapping[str, str]] = {
    "unit": V1,
    "case": "1",
    "person": ANN,
    "post": GATE,
    "broadcast": "1",
    "message": "1",
}
"""What there is, for half of the examples."""

FITTING: Final = {ALL_RIGHTS: {200, 201, 409}, SEE_ONLY: {200, 403}}
"""What each operation must have answered at least once: otherwise its examples were no use."""

Ask = Callable[[Any], httpx.Response]


@pytest.mark.parametrize(
    ("person", "rights"),
    [(EVA, ALL_RIGHTS), (ANN, SEE_ONLY)],
    ids=["may do everything", "may look at a village"],
)
async def test_answers_are_as_described_whatever_is_asked(
    sqlite_database: Database, person: PersonId, rights: Rights
) -> None:
    console = await open_console(sqlite_database)
    caller = await program(console, person, rights)
    schema = schemathesis.openapi.from_dict(create_api(console.parts).openapi())
    found = list(schema.get_all_operations())
    operations = [one.ok() for one in found if isinstance(one, Ok)]
    assert len(operations) == len(found) > 15
    loop = asyncio.get_running_loop()
    statuses: dict[str, set[int]] = {operation.label: set() for operation in operations}

    def ask(case: Any) -> httpx.Response:
        answer = asyncio.run_coroutine_threadsafe(answered(caller, case), loop).result(60)
        statuses[case.operation.label].add(answer.status_code)
        return answer

    for operation in operations:
        for mode in GenerationMode:
            await asyncio.to_thread(examine, operation, mode, ask)
    assert [label for label, seen in statuses.items() if not seen & FITTING[rights]] == []


def examine(operation: Any, mode: GenerationMode, ask: Ask) -> None:
    """Ask with that many examples, and hold each answer against the description."""

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), is_known=st.booleans())
    def holds(case: Any, is_known: bool) -> None:
        if is_known and mode is GenerationMode.POSITIVE:
            name_what_there_is(case)
        case.validate_response(ask(case), checks=CHECKS)

    holds()


def name_what_there_is(case: Any) -> None:
    """Put ids of things that there are in place of made-up ones."""
    for told in (case.path_parameters, case.query):
        told.update({name: KNOWN[name] for name in told if name in KNOWN})
    if isinstance(case.body, dict) and "to" in case.body:
        case.body |= {"to": [f"unit:{V1}"], "title": "巡查", "body": "今晚加一次巡查", "relay": True}
        case.body |= dict.fromkeys(("at", "reply_by"))


async def answered(caller: Program, case: Any) -> httpx.Response:
    """The answer to that example, asked with the caller's token."""
    told = case.as_transport_kwargs(base_url=PUBLIC, headers={"Authorization": f"Bearer {caller.token}"})
    asked = requests.Request(**told).prepare()
    headers = [(_bytes(name), _bytes(value)) for name, value in asked.headers.items()]
    assert asked.body is None or isinstance(asked.body, (str, bytes))
    return await caller.client.request(str(asked.method), str(asked.url), content=asked.body, headers=headers)


def _bytes(text: str | bytes) -> bytes:
    return text.encode("latin-1") if isinstance(text, str) else text
