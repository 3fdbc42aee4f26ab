"""Every route of the app with every role, and with the ids of a unit that is not the visitor's.

A route that is not in the table below fails the first test: whoever adds one says here who may use it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from starlette.routing import Route as StarletteRoute

from notifier.domain.access import LOCAL_RIGHTS, SEE_ONLY, Grant, Right
from notifier.domain.case import Case, CaseState
from notifier.domain.ids import BroadcastId, CaseId, MessageId, PersonId
from notifier.domain.message import MessageState
from notifier.domain.pausing import Pause
from notifier.domain.policy import Kind
from notifier.domain.roster import Office, OfficeStatus
from notifier.engine.clock import machine_now
from notifier.engine.console.case_actions import Deed
from notifier.engine.console.seat_actions import SeatDeed
from notifier.engine.importing import ImportReport
from notifier.engine.shown_reports import dump_report
from notifier.files.given import Parcel
from notifier.store.database import Database
from notifier.store.rows import Broadcast, ImportResult
from notifier.store.uploads import Upload
from tests.contract.console_client import Browser, Console
from tests.contract.store_a import PLAIN
from tests.contract.store_city import (
    ANN,
    BOB,
    CAI,
    CITY,
    DAN,
    EVA,
    FAN,
    GATE,
    NIGHT,
    NOW,
    OTHER,
    PEOPLE,
    ROSTER,
    TOWN,
    V1,
    V2,
    person,
    take_in,
)

# ── the table ──


@dataclass(frozen=True, kw_only=True)
class Guarded:
    """Behind the session. ``right`` in the unit that the ids are of; None: everybody who is signed in.

    ``ids``: an id of V1 for each name in the path, or in the form. ``leads``: without a session one is led to
    the sign-in. ``endless``: a stream, which is not read here.
    """

    right: Right | None = None
    ids: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    leads: bool = False
    endless: bool = False


OPEN = "open"
"""For everybody: it says nothing of anybody, or checks a signature of its own."""

_CASE = {"case": "1"}
_BROADCAST = {"broadcast": "1"}
_DRAFT = {"to": f"unit:{V1}", "kind": "notice", "title": "t", "body": "b", "token": "0" * 32}
_SEAT = {"unit": V1, "title": "deputy_secretary", "rank": "2"}
_SEAT_PAGE = "/console/roster/units/{unit}/offices/{title}/{rank}"
_SHIFT = {"shift": quote(NIGHT.key, safe="")}
_PERSON_PAGE = "/console/roster/people/{person}"
_PEOPLE_OF = "/console/roster/units/{unit}/people"

GET: dict[str, Guarded | str] = {
    "/": OPEN,
    "/healthz": OPEN,
    "/metrics": OPEN,
    "/static/{name:path}": OPEN,
    "/console/sign-in": OPEN,
    "/console/sign-in/code": OPEN,
    "/console/in/{link}": OPEN,
    "/console/language/{locale}": OPEN,
    "/console": Guarded(leads=True),
    "/console/events": Guarded(endless=True),
    "/console/me": Guarded(leads=True),
    "/console/units/{unit}": Guarded(right=Right.SEE, ids={"unit": V1}, leads=True),
    "/console/desk": Guarded(leads=True),
    "/console/units/{unit}/events": Guarded(right=Right.SEE, ids={"unit": V1}, endless=True),
    "/console/cases/{case}": Guarded(right=Right.SEE, ids=_CASE, leads=True),
    "/console/roster": Guarded(leads=True),
    "/console/roster/upload": Guarded(leads=True),
    # Of the whole, as what a person oversees is: so nobody has it who has not everything.
    "/console/roster/upload/{upload}": Guarded(right=Right.OVERSEE, ids={"upload": "u"}, leads=True),
    _SEAT_PAGE: Guarded(right=Right.ROSTER, ids=_SEAT, leads=True),
    _PERSON_PAGE: Guarded(right=Right.SEE, ids={"person": BOB}, leads=True),
    "/console/roster/posts": Guarded(leads=True),
    "/console/roster/posts/{post}/gap": Guarded(right=Right.ROSTER, ids={"post": GATE}, leads=True),
    "/console/roster/shifts/{shift}": Guarded(right=Right.SEE, ids=_SHIFT, leads=True),
    f"{_PERSON_PAGE}/edit": Guarded(right=Right.ROSTER, ids={"person": BOB}, leads=True),
    f"{_PERSON_PAGE}/remove": Guarded(right=Right.ROSTER, ids={"person": BOB}, leads=True),
    f"{_PEOPLE_OF}/new": Guarded(right=Right.ROSTER, ids={"unit": V1}, leads=True),
    "/console/roster/units/{unit}/links": Guarded(right=Right.ROSTER, ids={"unit": V1}, leads=True),
    "/console/roster/units/{unit}/week": Guarded(right=Right.SEE, ids={"unit": V1}, leads=True),
    "/console/deliveries": Guarded(right=Right.OVERSEE, leads=True),
    "/console/deliveries.csv": Guarded(right=Right.OVERSEE),
    "/console/deliveries/resend": Guarded(right=Right.OVERSEE, leads=True),
    "/console/figures": Guarded(leads=True),
    "/console/figures.csv": Guarded(),
    "/console/journal": Guarded(right=Right.OVERSEE, leads=True),
    "/console/journal.csv": Guarded(right=Right.OVERSEE),
    "/console/settings": Guarded(right=Right.OVERSEE, leads=True),
    "/console/settings/texts": Guarded(right=Right.OVERSEE, leads=True),
    "/console/settings/health": Guarded(right=Right.OVERSEE, leads=True),
    "/console/cases/{case}/events": Guarded(right=Right.SEE, ids=_CASE, endless=True),
    "/console/broadcasts": Guarded(leads=True),
    "/console/broadcasts/new": Guarded(leads=True),
    "/console/broadcasts/{broadcast}": Guarded(right=Right.SEE, ids=_BROADCAST, leads=True),
    "/console/broadcasts/{broadcast}/events": Guarded(right=Right.SEE, ids=_BROADCAST, endless=True),
    "/console/broadcasts/{broadcast}/recipients.csv": Guarded(right=Right.SEE, ids=_BROADCAST),
    "/console/broadcasts/{broadcast}/cancel": Guarded(right=Right.BROADCAST, ids=_BROADCAST, leads=True),
    "/console/{rest:path}": Guarded(leads=True, ids={"rest": "nothing/of/the/kind"}, right=Right.SEE),
}

POST: dict[str, Guarded | str] = {
    "/hooks/twilio/inbound": OPEN,
    "/hooks/twilio/status": OPEN,
    "/hooks/telegram": OPEN,
    "/hooks/telegram/{bot_id}": OPEN,
    "/console/sign-in": OPEN,
    "/console/sign-in/code": OPEN,
    "/console/in/{link}": OPEN,
    "/console/sign-out": Guarded(),
    "/console/me/sign-out-everywhere": Guarded(),
    "/console/me/tokens/{token}/revoke": Guarded(ids={"token": "1"}),
    "/console/units/{unit}/phones/{person}": Guarded(right=Right.UNMASK, ids={"unit": V1, "person": CAI}),
    **{
        f"/console/cases/{{case}}/{deed}": Guarded(right=Right.ACT, ids=_CASE, form={"words": "w"})
        for deed in Deed
    },
    **{
        f"{_SEAT_PAGE}/{deed}": Guarded(right=Right.ROSTER, ids=_SEAT, form={"words": "w", "person": BOB})
        for deed in SeatDeed
    },
    "/console/roster/posts/{post}/gap": Guarded(right=Right.ROSTER, ids={"post": GATE}),
    **{
        f"/console/roster/shifts/{{shift}}/{deed}": Guarded(right=Right.ROSTER, ids=_SHIFT)
        for deed in ("leave", "return")
    },
    f"{_PERSON_PAGE}/edit": Guarded(right=Right.ROSTER, ids={"person": BOB}, form={"name": "n"}),
    f"{_PERSON_PAGE}/remove": Guarded(right=Right.ROSTER, ids={"person": BOB}),
    _PEOPLE_OF: Guarded(right=Right.ROSTER, ids={"unit": V1}, form={"name": "n"}),
    f"{_PERSON_PAGE}/phone": Guarded(right=Right.UNMASK, ids={"person": BOB}),
    "/console/deliveries/resend": Guarded(right=Right.OVERSEE),
    "/console/roster/units/{unit}/links": Guarded(right=Right.ROSTER, ids={"unit": V1}),
    "/console/roster/upload": Guarded(right=Right.OVERSEE),
    "/console/roster/upload/{upload}/apply": Guarded(right=Right.OVERSEE, ids={"upload": "u"}),
    "/console/roster/upload/{upload}/drop": Guarded(right=Right.OVERSEE, ids={"upload": "u"}),
    "/console/deliveries/{message}/resend": Guarded(right=Right.OVERSEE, ids={"message": "1"}),
    "/console/broadcasts": Guarded(right=Right.BROADCAST, form=_DRAFT),
    "/console/broadcasts/check": Guarded(right=Right.BROADCAST, form=_DRAFT),
    "/console/broadcasts/people": Guarded(right=Right.BROADCAST, form=_DRAFT),
    "/console/broadcasts/try": Guarded(right=Right.BROADCAST, form=_DRAFT),
    "/console/broadcasts/{broadcast}/cancel": Guarded(right=Right.BROADCAST, ids=_BROADCAST),
    "/console/broadcasts/{broadcast}/resend": Guarded(right=Right.BROADCAST, ids=_BROADCAST),
    "/console/desk/{post}/hand-over": Guarded(right=Right.ACT, ids={"post": GATE}),
    "/console/desk/{post}/take-over": Guarded(right=Right.ACT, ids={"post": GATE}),
    "/console/pauses": Guarded(
        right=Right.PAUSE, form={"where": f"post:{GATE}", "reason": "r", "hours": "2"}
    ),
    "/console/pauses/{number}/end": Guarded(right=Right.PAUSE, ids={"number": "1"}),
}

NO_SUCH = {
    "unit": "V9",
    "case": "999",
    "person": "nobody",
    "post": "V9-G9",
    "shift": "V9-G9%202026-11-23T13%3A00%3A00Z",
    "number": "999",
    "message": "999",
    "broadcast": "999",
    "title": "captain",
    "rank": "9",
    "upload": "nothing",
    "rest": "units/V1/nothing",
}
"""Ids of the same kinds that there are not."""
FOREIGN_FORMS = {
    "where": (f"post:{GATE}", "post:V9-G9", f"unit:{V1}", "unit:V9"),
    "to": (f"unit:{V1}", "unit:V9"),
}
"""What a form may name: of V1, and such as there is not."""

# ── the roles ──

GUS, HAN, IDA, JIA = (PersonId(name) for name in ("gus", "han", "ida", "jia"))
_FILL = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Role:
    """Somebody, and the rights that he has in V1."""

    person: PersonId
    rights: frozenset[Right] = frozenset()


ROLES = {
    "city desk": Role(person=EVA, rights=frozenset(Right)),
    "town holder": Role(person=DAN, rights=LOCAL_RIGHTS),
    "secretary": Role(person=JIA, rights=LOCAL_RIGHTS),
    "acting": Role(person=BOB, rights=LOCAL_RIGHTS),
    "stood in for": Role(person=ANN, rights=SEE_ONLY),
    "looker": Role(person=IDA, rights=SEE_ONLY),
    "suspended": Role(person=HAN),
    "member": Role(person=CAI),
    "other village": Role(person=FAN),
    "other town": Role(person=GUS),
}

OFFICES = (
    Office(unit=CITY, title="duty_desk", rank=95, person=EVA),
    Office(unit=TOWN, title="secretary", rank=1, person=DAN),
    Office(unit=OTHER, title="secretary", rank=1, person=GUS),
    Office(unit=V1, title="secretary", rank=1, person=ANN, status=OfficeStatus.ABSENT),
    Office(unit=V1, title="deputy_secretary", rank=2, person=JIA),
    Office(unit=V1, title="liaison", rank=90, person=HAN, status=OfficeStatus.SUSPENDED),
    Office(unit=V1, title="committee", rank=3, person=CAI),
    Office(unit=V2, title="secretary", rank=1, person=FAN),
)
TOLD = replace(
    ROSTER,
    people=(*PEOPLE, person(GUS, OTHER), person(HAN, V1), person(IDA, V2), person(JIA, V1)),
    offices=OFFICES,
)


def an_upload() -> Upload:
    """One that has just come."""
    return Upload(
        id="u",
        by=EVA,
        created_at=machine_now(),
        sha256="0" * 64,
        size=19,
        names=("people.csv",),
        shown=dump_report(ImportReport(result=ImportResult(tables={}), dry_run=True)),
    )


async def open_console(database: Database) -> Console:
    """V1 has a case, a pause and a broadcast; Bob acts for its secretary; Ida was granted to look at V1."""
    await take_in(database, TOLD)
    async with database.write() as tx:
        await tx.conn.exec_driver_sql("UPDATE offices SET acting = 'bob' WHERE person = 'ann'")
        case = Case(
            id=CaseId(0),
            kind=Kind.UNSTAFFED,
            unit=V1,
            subject=NIGHT.key,
            opened_at=NOW,
            state=CaseState.CALLING,
            settings_version=0,
        )
        case = await tx.cases.open(case)
        told = replace(PLAIN, person=DAN, case=case.id, state=MessageState.UNCERTAIN)
        assert [number for number, _ in await tx.messages.queue([told], NOW)] == [MessageId(1)]
        await tx.pauses.add(
            Pause(id=0, unit=None, post=GATE, since=NOW, until=NOW + _FILL, reason="r", by=EVA)
        )
        grant = Grant(
            id=0, person=IDA, unit=V1, rights=SEE_ONLY, by=EVA, reason="r", since=NOW, until=NOW + _FILL
        )
        await tx.grants.add(grant)
        await tx.uploads.add(an_upload(), Parcel(files={"people.csv": b"id,name,phone,unit\n"}).packed())
        await tx.broadcasts.create(
            Broadcast(
                id=BroadcastId(0),
                kind="notice",
                title="t",
                body="b",
                author=None,
                audience=(f"unit:{V1}",),
                relay=False,
                state="sending",
                created_at=NOW,
                start_at=NOW,
                reply_by=None,
            )
        )
    return await Console.open(database, empty=True)


def routes_of(routes: Iterable[object]) -> Iterator[tuple[str, str]]:
    """Every route with each of its methods; HEAD goes with GET. The API's are in ``test_api_routes``."""
    for route in routes:
        if isinstance(route, StarletteRoute):
            yield from ((method, route.path) for method in route.methods or () if method != "HEAD")
        else:
            # FastAPI keeps an included router whole; whatever else may come some day fails here.
            yield from routes_of(route.original_router.routes)  # type: ignore[attr-defined]


def guarded(table: Mapping[str, Guarded | str]) -> list[tuple[str, Guarded]]:
    return [(path, entry) for path, entry in table.items() if isinstance(entry, Guarded)]


def filled(path: str, ids: Mapping[str, str]) -> str:
    for name, value in ids.items():
        path = path.replace(f"{{{name}}}", value).replace(f"{{{name}:path}}", value)
    return path


async def test_every_route_is_in_the_table(sqlite_database: Database) -> None:
    console = await open_console(sqlite_database)
    others = {"PUT", "PATCH", "DELETE", "OPTIONS"}
    listed = {("GET", path) for path in GET} | {("POST", path) for path in POST}
    listed |= {
        (method, path) for path in ("/console", "/console/{rest:path}") for method in (*others, "POST")
    }
    assert set(routes_of(console.site.app.routes)) == listed


# ── who has no session ──


async def test_without_a_session_nothing_is_told(sqlite_database: Database) -> None:
    """One answer for what there is, what there is not, and what makes no sense."""
    console = await open_console(sqlite_database)
    guest = console.guest()
    for method, table in (("GET", GET), ("POST", POST)):
        for path, entry in guarded(table):
            for ids in (entry.ids, NO_SUCH, dict.fromkeys(NO_SUCH, "%00")):
                answer = await guest.request(method, filled(path, {**NO_SUCH, **ids}))
                if entry.leads:
                    assert answer.status_code == 303, path
                    assert answer.headers["location"].startswith("/console/sign-in"), path
                else:
                    assert answer.status_code == 401, path
                    assert answer.headers["www-authenticate"].startswith("Session"), path


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "POST"])
@pytest.mark.parametrize("path", ["/console", "/console/units/V1", "/console/nothing"])
async def test_without_a_session_no_method_tells_anything(
    sqlite_database: Database, method: str, path: str
) -> None:
    console = await open_console(sqlite_database)
    assert (await console.guest().request(method, path)).status_code == 401


async def test_a_page_that_is_left_open_is_led_to_the_sign_in(sqlite_database: Database) -> None:
    console = await open_console(sqlite_database)
    answer = await console.guest().get("/console", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/console")


# ── who has one ──


@pytest.mark.parametrize("role", ROLES)
async def test_what_is_out_of_reach_is_403_whether_or_not_there_is_any(
    sqlite_database: Database, role: str
) -> None:
    console = await open_console(sqlite_database)
    who = ROLES[role]
    browser = await console.signed_in(who.person)
    for method, table in (("GET", GET), ("POST", POST)):
        for path, entry in guarded(table):
            if entry.right is None or entry.right in who.rights:
                continue
            told = set()
            for ids, form in variants(entry):
                answer = await ask(browser, method, filled(path, ids), form)
                assert answer.status_code == 403, f"{path} {ids} {form}"
                told.add(answer.text.replace(filled(path, ids), ""))
            assert len(told) == 1, path


@pytest.mark.parametrize("role", [role for role, who in ROLES.items() if who.rights])
async def test_what_is_in_reach_is_let_through(sqlite_database: Database, role: str) -> None:
    console = await open_console(sqlite_database)
    who = ROLES[role]
    browser = await console.signed_in(who.person)
    for method, table in (("GET", GET), ("POST", POST)):
        for path, entry in guarded(table):
            if entry.endless or entry.right not in who.rights or "rest" in entry.ids:
                continue
            answer = await ask(browser, method, filled(path, entry.ids), entry.form)
            assert answer.status_code not in (401, 403, 404, 500), f"{path}: {answer.status_code}"


async def test_the_city_is_told_what_there_is_not(sqlite_database: Database) -> None:
    console = await open_console(sqlite_database)
    browser = await console.signed_in(EVA)
    for path, entry in guarded(GET):
        if entry.ids:
            assert (await browser.get(filled(path, NO_SUCH))).status_code == 404, path


@pytest.mark.parametrize("role", ROLES)
async def test_everybody_who_is_signed_in_sees_what_is_everybodys(
    sqlite_database: Database, role: str
) -> None:
    console = await open_console(sqlite_database)
    browser = await console.signed_in(ROLES[role].person)
    for path, entry in guarded(GET):
        if entry.right is None and not entry.endless:
            assert (await browser.get(path)).status_code == 200, path
    assert (await browser.post("/console/sign-out")).status_code == 303


# ── changes ──


@pytest.mark.parametrize("path", [path for path, _ in guarded(POST)])
async def test_a_change_needs_the_token_of_its_session(sqlite_database: Database, path: str) -> None:
    console = await open_console(sqlite_database)
    city, other = await console.signed_in(EVA), await console.signed_in(EVA)
    where = filled(path, dict(guarded(POST))[path].ids)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    refused: list[dict[str, str]] = [{}, {"X-CSRF": ""}, {"X-CSRF": other.csrf}, {"X-CSRF": "ü" * 64}]
    sites = ("cross-site", "same-site", "none")
    refused += [{"X-CSRF": city.csrf, "Sec-Fetch-Site": site} for site in sites]
    refused += [{"X-CSRF": city.csrf, "Origin": origin} for origin in ("null", "https://evil.example")]
    for headers in refused:
        raw = [(name.encode(), value.encode()) for name, value in {**form, **headers}.items()]
        answer = await city.client.post(where, content="words=w", headers=raw)
        assert answer.status_code == 403, headers
    unchanged = await city.client.post(where, headers=form, content=f"csrf={other.csrf}")
    assert unchanged.status_code == 403
    own = {**form, "X-CSRF": city.csrf, "Origin": "https://duty.example"}
    assert (await city.client.post(where, content="", headers=own)).status_code != 403


async def test_a_form_too_large_or_without_a_length_is_refused(sqlite_database: Database) -> None:
    console = await open_console(sqlite_database)
    city = await console.signed_in(EVA)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-CSRF": city.csrf}
    large = await city.client.post("/console/pauses", content=b"a=" + b"x" * 1024 * 1024, headers=headers)
    assert large.status_code == 413

    async def endless() -> Any:
        yield b"a=b"

    chunked = await city.client.post("/console/pauses", content=endless(), headers=headers)
    assert chunked.status_code == 411


async def test_a_form_of_the_sign_in_from_another_site_is_refused(sqlite_database: Database) -> None:
    console = await open_console(sqlite_database)
    for path, entry in POST.items():
        if entry == OPEN and path.startswith("/console"):
            headers = {"Sec-Fetch-Site": "cross-site", "Content-Type": "application/x-www-form-urlencoded"}
            answer = await console.guest().post(path, content="who=dan", headers=headers)
            assert answer.status_code == 403, path


# ── rights that end ──


async def test_what_ends_ends_at_once(sqlite_database: Database) -> None:
    """With the session still alive: who acts no more, is moved, or whose grant is over, is out of it."""
    console = await open_console(sqlite_database)
    browsers = {
        name: await console.signed_in(ROLES[name].person) for name in ("acting", "looker", "secretary")
    }
    for browser in browsers.values():
        assert (await browser.get("/console/units/V1")).status_code == 200
    async with sqlite_database.write() as tx:
        await tx.conn.exec_driver_sql("UPDATE offices SET acting = NULL")
        await tx.conn.exec_driver_sql("UPDATE offices SET person = 'cai' WHERE person = 'jia'")
        assert await tx.grants.revoke(1, NOW)
    for browser in browsers.values():
        assert (await browser.get("/console/units/V1")).status_code == 403
        assert (await browser.post("/console/cases/1/take", words="w")).status_code == 403


async def ask(browser: Browser, method: str, path: str, form: Mapping[str, str]) -> httpx.Response:
    return await (browser.get(path) if method == "GET" else browser.send(path, form))


def variants(entry: Guarded) -> Iterable[tuple[Mapping[str, str], Mapping[str, str]]]:
    """The ids and forms of what is of V1, and of what there is not."""
    named = [name for name in entry.form if name in FOREIGN_FORMS]
    if named:
        return [({}, {**entry.form, named[0]: value}) for value in FOREIGN_FORMS[named[0]]]
    missing = {name: NO_SUCH[name] for name in entry.ids}
    odd = dict.fromkeys(entry.ids, "%27%3B--")
    return [(ids, entry.form) for ids in (entry.ids, missing, odd)]
