"""What browsers keep, what they must not, and the headers of everything."""

import html
import re
from hashlib import sha256

import pytest

from notifier.store.database import Database
from notifier.web.console.assets import FOR_GOOD, STATIC
from tests.contract.console_client import Console
from tests.contract.store_city import DAN


async def test_what_a_page_names_is_there_and_kept_for_good(sqlite_database: Database) -> None:
    console = await Console.open(sqlite_database)
    page = (await (await console.signed_in(DAN)).get("/console/me")).text
    named = set(re.findall(r'"(/static/[^"]+)"', page))
    assert len(named) >= 5
    for address in named:
        answer = await console.guest().get(address.replace("&amp;", "&"))
        assert answer.status_code == 200, address
        assert answer.headers["cache-control"] == FOR_GOOD, address
        assert sha256(answer.content).hexdigest()[:12] == address.rpartition("v=")[2]


@pytest.mark.parametrize("query", ["", "?v=", "?v=000000000000"])
async def test_under_another_hash_it_is_asked_for_anew(sqlite_database: Database, query: str) -> None:
    console = await Console.open(sqlite_database)
    answer = await console.guest().get(f"/static/console.css{query}")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")


@pytest.mark.parametrize(
    "name",
    ["vendored/README.md", "vendored/htmx.LICENSE.txt", "../pages/layout.html", "%2e%2e/assets.py", ""],
)
async def test_nothing_else_is_given(sqlite_database: Database, name: str) -> None:
    console = await Console.open(sqlite_database)
    assert (await console.guest().get(f"/static/{name}")).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/console",
        "/console/me",
        "/console/sign-in",
        "/console/sign-in/code",
        "/console/in/x",
        "/console/units/T2",
        "/console/nothing",
        "/static/console.css",
        "/static/nothing",
    ],
)
async def test_every_answer_carries_the_headers(sqlite_database: Database, path: str) -> None:
    console = await Console.open(sqlite_database)
    dan = await console.signed_in(DAN)
    for answer in (await dan.get(path), await console.guest().get(path)):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["x-content-type-options"] == "nosniff"
        kept = "no-cache" if path == "/static/console.css" else "no-store"
        assert answer.headers["cache-control"] == kept


async def test_what_others_made_is_as_they_published_it() -> None:
    """The table beside the files has their sums, and nothing lies there without its licence."""
    table = (STATIC / "vendored/README.md").read_text("utf-8")
    listed = dict(re.findall(r"^\| (\S+\.(?:js|css)) \|.*\| ([0-9a-f]{64}) \|$", table, re.MULTILINE))
    found = {file.name for file in (STATIC / "vendored").iterdir() if file.suffix in (".js", ".css")}
    assert found == set(listed)
    for name, digest in listed.items():
        assert sha256((STATIC / "vendored" / name).read_bytes()).hexdigest() == digest
        assert (STATIC / "vendored" / f"{name.partition('.')[0]}.LICENSE.txt").is_file()


async def test_the_language_is_kept_in_the_browser(sqlite_database: Database) -> None:
    console = await Console.open(sqlite_database)
    dan = await console.signed_in(DAN)
    assert 'lang="zh-Hans"' in (await dan.get("/console/me")).text
    chosen = await dan.get("/console/language/en?next=/console/me")
    assert (chosen.status_code, chosen.headers["location"]) == (303, "/console/me")
    assert '<html lang="en">' in (await dan.get("/console/me")).text
    unknown = await dan.get("/console/language/xx")
    assert "set-cookie" not in unknown.headers


async def test_a_page_is_had_in_the_other_language_as_it_was_asked_for(sqlite_database: Database) -> None:
    """The answer to a form has no address to be had from again, and offers none."""
    console = await Console.open(sqlite_database)
    dan = await console.signed_in(DAN)
    page = (await dan.get("/console?state=held&town=T1")).text
    led = re.search(r'href="(/console/language/en[^"]*)"', page)
    assert led is not None
    answer = await dan.get(html.unescape(led[1]))
    assert answer.headers["location"] == "/console?state=held&town=T1"
    checked = await dan.post("/console/broadcasts/check", title="t")
    assert checked.status_code == 400
    assert "/console/language/" not in checked.text


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example",
        "//evil.example",
        "/console//evil.example",
        "/\\evil",
        "/consolex",
        "",
        "/console\r\nX: y",
    ],
)
async def test_nobody_is_led_away(sqlite_database: Database, wanted: str) -> None:
    console = await Console.open(sqlite_database)
    answer = await console.guest().get("/console/language/en", params={"next": wanted})
    assert answer.headers["location"] == "/console"
