"""Roster files handed in at the console: nothing is done before it was shown, and nothing but what was."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import httpx
import pytest
from openpyxl import Workbook
from sqlalchemy import func, select

from notifier.domain.ids import PersonId, UnitCode
from notifier.domain.roster import Office
from notifier.engine.clock import machine_now
from notifier.engine.uploading import Uploads
from notifier.files.given import MOST_BYTES, MOST_LINES
from notifier.store import roster_sets
from notifier.store.database import Database
from notifier.store.tables import import_sets, journal, people, uploads
from notifier.web.console.csrf import MAX_UPLOAD
from tests.contract.console_client import Browser, Console
from tests.contract.store_city import BOB, CAI, CITY, DAN, EVA, FAN, PEOPLE, ROSTER, V1, take_in
from tests.contract.test_import_rows import stored

UPLOAD = "/console/roster/upload"
HEADER = "id,name,phone,unit,locale,telegram\n"
TOLD = replace(
    ROSTER,
    offices=(*(ROSTER.offices or ())[:-1], Office(unit=CITY, title="duty_desk", rank=95, person=EVA)),
)


def people_csv(*more: str, without: PersonId | None = None, **names: str) -> str:
    """The city's people as a file says them, some by another name."""
    rows = [
        f"{one.id},{names.get(one.id, one.name)},{one.phone or ''},{one.unit},{one.locale},"
        for one in PEOPLE
        if one.id != without
    ]
    return HEADER + "\n".join([*rows, *more]) + "\n"


def book(**sheets: list[list[object]]) -> bytes:
    """A spreadsheet with those sheets."""
    made = Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    content = BytesIO()
    made.save(content)
    return content.getvalue()


async def hand_in(browser: Browser, files: Mapping[str, str | bytes], **headers: str) -> httpx.Response:
    """The form as the page sends it."""
    parts = [
        ("files", (name, content.encode() if isinstance(content, str) else content))
        for name, content in files.items()
    ]
    return await browser.client.post(
        UPLOAD,
        data={"csrf": browser.csrf},
        files=parts,
        headers={"Sec-Fetch-Site": "same-origin", **headers},
    )


async def shown(browser: Browser, files: Mapping[str, str | bytes]) -> tuple[str, str]:
    """Where what they change is shown, and that page."""
    answer = await hand_in(browser, files)
    assert answer.status_code == 303, answer.text
    where = answer.headers["location"]
    return where, (await browser.get(where)).text


def seen_in(page: str) -> str:
    [seen] = re.findall(r'name="seen" value="([0-9a-f]{64})"', page)
    return str(seen)


async def name_of(database: Database, person: PersonId) -> str | None:
    async with database.read() as tx:
        found = await tx.roster.person(person)
    return found.name if found else None


async def count(database: Database, table: object) -> int:
    async with database.read() as tx:
        return int(await tx.conn.scalar(select(func.count()).select_from(table)) or 0)  # type: ignore[arg-type]


@pytest.fixture
async def console(database: Database) -> Console:
    await take_in(database, TOLD)
    return await Console.open(database, empty=True)


@pytest.fixture
async def desk(console: Console) -> Browser:
    return await console.signed_in(EVA)


# ── shown, then done ──


async def test_what_a_file_changes_is_shown_before_it_is_done(console: Console, desk: Browser) -> None:
    told = people_csv("new1,新来的,13900000001,V1,zh,", cai="改了名")
    where, page = await shown(desk, {"people.csv": told})
    assert "改了名" in page
    assert "新来的" in page
    assert "139****0001" in page
    assert "13900000001" not in page
    assert await name_of(console.database, CAI) != "改了名"
    answer = await desk.post(f"{where}/apply", seen=seen_in(page))
    assert (answer.status_code, answer.headers["location"]) == (303, f"{UPLOAD}?did=applied")
    assert await name_of(console.database, CAI) == "改了名"
    assert await count(console.database, uploads) == 0
    async with console.database.read() as tx:
        [line] = (
            await tx.conn.execute(select(journal).where(journal.c.event == "roster_taken_in"))
        ).mappings()
    digest = sha256(told.encode()).hexdigest()
    assert (line["person"], line["channel"]) == (EVA, "web")
    assert line["reason"] == f"people +1 ~1; sha256 {digest}"


async def test_what_was_shown_is_what_is_done(console: Console, desk: Browser) -> None:
    """A table left out changes nothing; one that is there is the whole truth."""
    before = await stored(console.database)
    where, page = await shown(desk, {"人员.csv": people_csv("new1,新来的,,V1,zh,", cai="改了名")})
    await desk.post(f"{where}/apply", seen=seen_in(page))
    after = await stored(console.database)
    changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    assert changed == {("people", "new1"), ("people", "cai")}


async def test_files_of_every_usual_kind_are_taken(console: Console, desk: Browser) -> None:
    told = people_csv(cai="程远舟")
    rows: list[list[object]] = [[*line.split(",")] for line in told.splitlines()]
    kinds: dict[str, bytes] = {
        "people.csv": told.encode("gb18030"),
        "people (1).csv": told.encode("utf-8-sig"),
        "人员-白石街道.csv": told.encode("utf-16"),
        "名册.xlsx": book(people=rows),
    }
    for name, content in kinds.items():
        _, page = await shown(desk, {name: content})
        assert "程远舟" in page, name
    assert await name_of(console.database, CAI) != "程远舟"


async def test_several_files_are_one_change(console: Console, desk: Browser) -> None:
    units = "code,name,kind,parent\n" + "".join(
        f"{one.code},{one.name},{one.kind},{one.parent or ''}\n" for one in TOLD.units or ()
    )
    told = {
        "people.csv": people_csv("new1,新来的,,V7,zh,"),
        "units.csv": f"{units}V7,新村,village,T1\n",
    }
    answer = await hand_in(desk, told)
    assert answer.status_code == 303, answer.text
    page = (await desk.get(answer.headers["location"])).text
    assert "新村" in page
    lines = "".join(f"{sha256(told[name].encode()).hexdigest()}  {name}\n" for name in sorted(told))
    assert sha256(lines.encode()).hexdigest() in page


async def test_nothing_to_change_is_said_and_nothing_kept(console: Console, desk: Browser) -> None:
    answer = await hand_in(desk, {"people.csv": people_csv()})
    assert answer.status_code == 200
    assert "完全一致" in answer.text
    assert await count(console.database, uploads) == 0


async def test_whoever_is_removed_stands_first(desk: Browser) -> None:
    _, page = await shown(desk, {"people.csv": people_csv("new1,新来的,,V1,zh,", without=FAN)})
    rows = page.partition('id="t-people"')[2]
    assert rows.index("c-removed") < rows.index("c-added")


# ── what cannot be taken ──


async def test_a_bad_file_is_told_place_by_place_and_changes_nothing(console: Console, desk: Browser) -> None:
    bad = people_csv("new1,新来的,12x,V1,zh,", "new2,没有村,,V9,zh,")
    answer = await hand_in(desk, {"people.csv": bad})
    assert answer.status_code == 400
    rows = [re.sub(r"<[^>]+>", "|", row) for row in re.findall(r"<tr>(.*?)</tr>", answer.text, re.DOTALL)]
    line = len(bad.splitlines())
    assert any("people.csv" in row and str(line - 1) in row and "phone" in row for row in rows)
    assert "&#39;12x&#39; 不是电话号码" in answer.text
    assert "没有 &#39;V9&#39; 这个单位" in answer.text
    assert 'lang="en"' not in answer.text.partition("<main")[2].partition("</main>")[0]
    desk.client.cookies.set("notifier-language", "en")
    answer = await hand_in(desk, {"people.csv": bad})
    assert "is no phone number" in answer.text
    assert await count(console.database, uploads) == 0
    assert await name_of(console.database, PersonId("new1")) is None


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"people.csv": ""}, "文件是空的"),
        ({"photo.csv": "a,b\n"}, "看不出是哪张表"),
        ({"roster.xls": "x"}, "看不出是哪张表"),
        ({"policies.yaml": "a: 1"}, "规则文件不在这里收"),
        ({"people.csv": HEADER, "人员.csv": HEADER}, "另有一个文件也是 people.csv"),
        ({"people.csv": HEADER, "a.xlsx": "PK"}, "除了电子表格还有别的文件"),
        ({"a.xlsx": "no zip"}, "不是 XLSX 文件"),
        ({"people.csv": b"\xff\xff\x81\x00"}, "既不是 UTF-8 也不是 GBK"),
        ({"people.csv": HEADER + "x\n" * (MOST_LINES + 1)}, "超过 200000 行"),
    ],
)
async def test_what_is_no_roster_file_is_refused_in_one_line(
    desk: Browser, files: dict[str, str | bytes], said: str
) -> None:
    answer = await hand_in(desk, files)
    assert answer.status_code == 400
    assert said in answer.text


async def test_a_name_is_never_a_path(console: Console, desk: Browser) -> None:
    for name in ("../../etc/people.csv", "..\\people.csv", "/people.csv"):
        answer = await hand_in(desk, {name: people_csv(cai="甲")})
        assert answer.status_code == 303, name
    answer = await hand_in(desk, {"../" * 40 + "x" * 300 + ".xlsx": b"PK"})
    assert answer.status_code == 400


async def test_no_file_at_all_is_said(desk: Browser) -> None:
    answer = await desk.post(UPLOAD)
    assert answer.status_code == 400
    assert "还没有选文件" in answer.text
    nameless = await hand_in(desk, {"": ""})
    assert nameless.status_code == 400


def _stretched() -> bytes:
    """A spreadsheet with a second cell in the last corner that there is."""
    made = book(people=[["id", "name"]])
    out = BytesIO()
    with ZipFile(BytesIO(made)) as old, ZipFile(out, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name.startswith("xl/worksheets/"):
                far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
                content = content.replace(b"</sheetData>", far)
            new.writestr(name, content)
    return out.getvalue()


def _bomb() -> bytes:
    """A spreadsheet that is a few hundred kilobytes, and 400 MB once unpacked."""
    out = BytesIO()
    with ZipFile(BytesIO(book(people=[["id"]]))) as old, ZipFile(out, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
        new.writestr("xl/media/a", bytes(400 * 2**20))
    return out.getvalue()


async def test_a_spreadsheet_that_would_fill_the_memory_is_not_read(desk: Browser) -> None:
    answer = await hand_in(desk, {"a.xlsx": _stretched()})
    assert (answer.status_code, "第 1048576 行" in answer.text) == (400, True)
    answer = await hand_in(desk, {"a.xlsx": _bomb()})
    assert (answer.status_code, "解开有 400 MB" in answer.text) == (400, True)


# ── too much, from the wrong place, by the wrong person ──


async def test_too_large_is_one_clear_line(console: Console, desk: Browser) -> None:
    answer = await hand_in(desk, {"people.csv": b"x" * MAX_UPLOAD})
    assert answer.status_code == 413
    assert "太大" in answer.text
    answer = await hand_in(desk, {"people.csv": b"x" * (MOST_BYTES + 1)})
    assert answer.status_code == 400
    assert "最多 5 MB" in answer.text
    assert await count(console.database, uploads) == 0


async def test_a_large_body_with_a_wrong_token_is_refused(console: Console, desk: Browser) -> None:
    other = await console.signed_in(EVA)
    body = {"people.csv": people_csv(cai="甲") + "#" * 4_000_000}
    answer = await desk.client.post(
        UPLOAD,
        data={"csrf": other.csrf},
        files={"files": ("people.csv", body["people.csv"].encode())},
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert answer.status_code == 403
    assert (await hand_in(desk, body, **{"X-CSRF": other.csrf})).status_code == 403
    assert (await hand_in(desk, body, **{"Sec-Fetch-Site": "cross-site"})).status_code == 403
    assert await count(console.database, uploads) == 0


@pytest.mark.parametrize("who", [DAN, BOB, CAI])
async def test_only_who_may_do_everything_hands_in_files(
    console: Console, desk: Browser, who: PersonId
) -> None:
    where, page = await shown(desk, {"people.csv": people_csv(cai="甲")})
    other = await console.signed_in(who)
    form = await other.get(UPLOAD)
    assert form.status_code == 200
    assert 'type="file"' not in form.text
    assert "市值班室" in form.text
    assert (await hand_in(other, {"people.csv": people_csv(cai="甲")})).status_code == 403
    assert (await other.get(where)).status_code == 403
    assert (await other.get(f"{UPLOAD}/nothing")).status_code == 403
    for deed in ("apply", "drop"):
        assert (await other.post(f"{where}/{deed}", seen=seen_in(page))).status_code == 403
    assert await name_of(console.database, CAI) != "甲"


# ── meanwhile ──


async def test_what_has_changed_meanwhile_is_shown_anew(console: Console, desk: Browser) -> None:
    where, page = await shown(desk, {"people.csv": people_csv(cai="甲")})
    renamed = tuple(replace(one, name="别人改的") if one.id == CAI else one for one in PEOPLE)
    await take_in(console.database, replace(TOLD, people=renamed))
    answer = await desk.post(f"{where}/apply", seen=seen_in(page))
    assert answer.headers["location"] == f"{where}?anew=1"
    again = (await desk.get(answer.headers["location"])).text
    assert "所以还没有执行" in again
    assert "别人改的" in again
    assert await name_of(console.database, CAI) == "别人改的"
    assert seen_in(again) != seen_in(page)
    # What was shown first is still not done, whoever presses there.
    assert "anew" in (await desk.post(f"{where}/apply", seen=seen_in(page))).headers["location"]
    answer = await desk.post(f"{where}/apply", seen=seen_in(again))
    assert answer.headers["location"] == f"{UPLOAD}?did=applied"
    assert await name_of(console.database, CAI) == "甲"


async def test_a_file_that_does_not_fit_any_more_is_refused_where_it_is_applied(
    console: Console, desk: Browser
) -> None:
    units = tuple(unit for unit in TOLD.units or () if unit.code != "V8")
    await take_in(console.database, replace(TOLD, units=(*units, replace(units[-1], code=UnitCode("V8")))))
    where, page = await shown(desk, {"people.csv": people_csv("new1,新来的,,V8,zh,")})
    await take_in(console.database, replace(TOLD, units=units))
    answer = await desk.post(f"{where}/apply", seen=seen_in(page))
    assert answer.status_code == 409
    assert "V8" in answer.text
    assert await name_of(console.database, PersonId("new1")) is None


async def test_two_who_press_at_once_do_it_once(console: Console, desk: Browser) -> None:
    other = await console.signed_in(EVA)
    where, page = await shown(desk, {"people.csv": people_csv(cai="甲")})
    seen = seen_in(page)
    answers = await asyncio.gather(*(one.post(f"{where}/apply", seen=seen) for one in (desk, other)))
    assert sum(answer.headers.get("location") == f"{UPLOAD}?did=applied" for answer in answers) == 1
    late = await desk.post(f"{where}/apply", seen=seen)
    assert late.status_code == 404
    async with console.database.read() as tx:
        lines = (await tx.conn.execute(select(journal.c.event))).scalars().all()
    assert list(lines).count("roster_taken_in") == 1


async def test_what_is_dropped_or_an_hour_old_is_gone(console: Console, desk: Browser) -> None:
    where, page = await shown(desk, {"people.csv": people_csv(cai="甲")})
    assert (await desk.post(f"{where}/drop")).headers["location"] == f"{UPLOAD}?did=dropped"
    assert (await desk.get(where)).status_code == 404
    where, page = await shown(desk, {"people.csv": people_csv(cai="甲")})
    later = Uploads(console.parts, lambda: machine_now() + timedelta(minutes=61))
    await later.forget_old()
    assert await count(console.database, uploads) == 0
    assert (await desk.post(f"{where}/apply", seen=seen_in(page))).status_code == 404
    assert await name_of(console.database, CAI) != "甲"


async def test_a_large_one_goes_by_sets(
    console: Console, desk: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [f"n{n},新人,,{V1},zh," for n in range(roster_sets.SET_SIZE + 200)]
    where, page = await shown(desk, {"people.csv": people_csv(*many)})
    assert page.count("c-added") == 200
    assert f"另有 {len(many) - 200} 处" in page
    await desk.post(f"{where}/apply", seen=seen_in(page))
    assert await count(console.database, people) == len(many) + len(PEOPLE)
    assert await count(console.database, import_sets) == 0
    assert await count(console.database, uploads) == 0
