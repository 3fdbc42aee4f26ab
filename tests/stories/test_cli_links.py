"""At the shell: links are handed out on paper and in tables, counted, and revoked."""

import csv
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp

from notifier.cli import links
from notifier.engine.linking.tokens import token_hash
from notifier.engine.parts import Parts
from tests.stories.cli_desk import CITY, Desk, at_desk

BOT = "yueqing_duty_bot"
EVERYBODY = ["p02", "p11", "p12", "p13", "p14", "p15", "p21", "p22"]
"""Of the town and its villages."""


async def _bot(*_: str) -> str:
    return BOT


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_url: str) -> Iterator[Desk]:
    for found in at_desk(tmp_path, monkeypatch, sqlite_url):
        monkeypatch.setattr(links, "bot_name", _bot)
        found.does("import", CITY)
        yield found


@pytest.fixture
def either_desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str) -> Iterator[Desk]:
    for found in at_desk(tmp_path, monkeypatch, database_url):
        monkeypatch.setattr(links, "bot_name", _bot)
        found.does("import", CITY)
        yield found


def table(path: Path) -> dict[str, str]:
    """Who -> his link."""
    return {row["id"]: row["link"] for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines())}


def redeemed(desk: Desk, url: str, **later: float) -> str | None:
    """Whom a link connects, so much later."""
    bot, _, token = url.partition("?start=")
    assert bot == f"https://t.me/{BOT}"
    assert len(token) <= 64

    async def redeem(parts: Parts) -> str | None:
        async with parts.station.db.write() as tx:
            return await tx.contacts.redeem(token_hash(token), parts.station.now() + timedelta(**later))

    return desk.inside(redeem)


def journal(desk: Desk, event: str) -> list[tuple[str | None, str | None, str | None, str | None]]:
    """(unit, subject, by, reason) of each such line."""

    async def lines(parts: Parts) -> Any:
        async with parts.station.db.read() as tx:
            found = await tx.journal.recent(100, events=[event])
        return [(line.unit, line.subject, line.person, line.reason) for line in reversed(found)]

    found: list[tuple[str | None, str | None, str | None, str | None]] = desk.inside(lines)
    return found


def pages(path: Path) -> list[tuple[str, list[str]]]:
    """Each page's text, and what a camera reads of it: the page is drawn, and the codes are decoded."""
    document = pypdfium2.PdfDocument(path)
    found = []
    for page in document:
        seen = page.render(scale=150 / 72).to_pil()
        codes = zxingcpp.read_barcodes(seen)
        text = page.get_textpage()
        found.append((text.get_text_bounded(), [code.text for code in codes]))
        text.close()
        page.close()
    document.close()
    return found


# ── tables ───────────────────────────────────────────────────────────────────────────────────────


def test_links_are_personal_secret_and_kept_as_hashes_only(either_desk: Desk) -> None:
    out = either_desk.folder / "links.csv"
    done = either_desk.does("links", "--unit", "BS", "--out", out)
    assert (done.status, done.out) == (0, f"{out}: 8 link(s), good until 2026-12-07 19:00\n")
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert [row["id"] for row in rows] == EVERYBODY
    assert rows[1]["name"] == "赵志强"
    assert redeemed(either_desk, rows[1]["link"], days=14, hours=1) is None
    assert redeemed(either_desk, rows[1]["link"]) == "p11"
    assert redeemed(either_desk, rows[1]["link"]) is None


def test_who_made_how_many_is_journalled_and_no_secret_is(desk: Desk) -> None:
    out = desk.folder / "links.csv"
    assert desk.does("links", "--unit", "BS", "--out", out, "--by", "p02", "--valid", "7d").status == 0
    until = "good until 2026-11-30T11:00:00Z"
    lines = journal(desk, "links_issued")
    assert lines == [("BS", "p02", "p02", f"1, {until}"), ("BS01", None, "p02", f"5, {until}"),
                     ("BS02", None, "p02", f"2, {until}")]  # fmt: skip
    assert not any(url.partition("=")[2] in str(lines) for url in table(out).values())
    assert desk.does("links", "--unit", "BS", "--out", out, "--by", "nobody").status == 1


def test_only_those_who_are_missing(desk: Desk) -> None:
    out = desk.folder / "links.csv"
    assert desk.does("links", "--unit", "BS", "--out", out, "--missing").status == 0
    assert list(table(out)) == ["p12", "p14", "p15"]
    done = desk.does("links", "--unit", "BS02", "--out", out, "--missing")
    assert (done.status, done.complaints) == (1, ["nobody is missing: the bot can write to all of them"])


def test_one_person_alone(desk: Desk) -> None:
    out = desk.folder / "one.csv"
    assert desk.does("links", "--person", "p14", "--out", out).status == 0
    assert list(table(out)) == ["p14"]
    assert desk.does("links", "--person", "p99", "--out", out).complaints == [
        "there is no person p99 in the roster"
    ]


def test_a_reprint_leaves_what_was_handed_out_in_force(desk: Desk) -> None:
    first, second = desk.folder / "1.csv", desk.folder / "2.csv"
    desk.does("links", "--unit", "BS01", "--out", first)
    desk.does("links", "--unit", "BS01", "--out", second)
    assert redeemed(desk, table(first)["p12"]) == "p12"
    assert redeemed(desk, table(second)["p12"]) == "p12"


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("--unit", "NOWHERE", "--out", "a.csv"), 1),
        (("--unit", "BS", "--out", "no/a.csv"), 1),
        (("--unit", "BS", "--out", "a.txt"), 2),
        (("--unit", "BS", "--out", "a.pdf", "--split"), 2),
        (("--unit", "BS", "--out", "a.csv", "--valid", "soon"), 2),
        (("--unit", "BS", "--out", "a.csv", "--valid", "365d"), 2),
        (("--unit", "BS", "--person", "p11", "--out", "a.csv"), 2),
        (("--out", "a.csv"), 2),
        (("--unit", "BS"), 2),
        (("--unit", "BS", "--out", "a.csv", "--revoke"), 2),
        (("--unit", "BS", "--revoke", "--json"), 2),
        (("--person", "p11", "--coverage"), 2),
        (("--unit", "BS", "--out", "a.pdf", "--font", "people.csv"), 1),
    ],
)
def test_what_cannot_be_done_is_refused_and_leaves_nothing(
    desk: Desk, arguments: tuple[str, ...], status: int
) -> None:
    (desk.folder / "people.csv").write_text("no font")
    before = sorted(desk.folder.rglob("*"))
    done = desk.does("links", *arguments)
    assert (done.status, done.out) == (status, "")
    assert status == 2 or len(done.complaints) == 1
    assert sorted(desk.folder.rglob("*")) == before


def test_without_telegram_there_is_nothing_to_hand_out(desk: Desk) -> None:
    desk.set("TELEGRAM_TOKEN", "")
    done = desk.does("links", "--unit", "BS", "--out", "a.csv")
    assert (done.status, done.complaints) == (1, ["Telegram is off; set NOTIFIER_TELEGRAM_TOKEN"])


# ── sheets ───────────────────────────────────────────────────────────────────────────────────────


def test_sheets_are_read_by_a_camera_and_each_code_connects_its_person(desk: Desk) -> None:
    out = desk.folder / "links.pdf"
    done = desk.does("links", "--unit", "BS", "--out", out)
    assert (done.status, done.err) == (0, "")
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    town, village, other = pages(out)
    assert [len(codes) for _, codes in (town, village, other)] == [1, 5, 2]
    text = re.sub(r"\s", "", village[0])
    for words in ("白石街道岐元村", "第1页，共1页", "page1of1", "赵志强", "p15", "START", "2026-12-0719:00"):
        assert words in text, words
    connected = {redeemed(desk, url) for _, codes in (town, village, other) for url in codes}
    assert connected == set(EVERYBODY)


def test_split_writes_a_file_for_each_unit(desk: Desk) -> None:
    out = desk.folder / "sheets"
    done = desk.does("links", "--unit", "YQ", "--out", out, "--split", "--valid", "3d")
    assert done.out == f"{out}: 9 link(s), 4 file(s), good until 2026-11-26 19:00\n"
    assert sorted(path.name for path in out.iterdir()) == ["BS.pdf", "BS01.pdf", "BS02.pdf", "YQ.pdf"]
    [(_, codes)] = pages(out / "BS02.pdf")
    assert {redeemed(desk, url) for url in codes} == {"p21", "p22"}


def test_a_character_that_cannot_be_drawn_is_named_with_the_mend(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notifier.files.typefaces.PLACES", ())
    people = (CITY / "people.csv").read_text(encoding="utf-8").replace("周丽华", "周㛃𠮷")
    desk.does("import", desk.city(people=people))
    done = desk.does("links", "--unit", "BS01", "--out", desk.folder / "links.pdf")
    assert done.status == 0
    assert done.complaints == [
        "warning: p12's name has 㛃 (U+36C3) 𠮷 (U+20BB7), which no font here can draw; □ is printed instead",
        "install a font that has them, such as Debian's fonts-hanazono, or name one with --font FILE",
    ]


def test_codes_in_files_names_stay_within_the_folder(desk: Desk) -> None:
    units = (CITY / "units.csv").read_text(encoding="utf-8") + "../x:y,小村,village,BS\n"
    people = (CITY / "people.csv").read_text(encoding="utf-8") + "p31,王小村,,../x:y,zh,\n"
    desk.does("import", desk.city(units=units, people=people))
    assert desk.does("links", "--person", "p31", "--out", desk.folder / "out", "--split").status == 0
    assert [path.name for path in (desk.folder / "out").iterdir()] == ["%2e.%2fx%3ay.pdf"]


def test_other_commands_do_not_wait_for_fonts_and_pictures() -> None:
    asked = (
        "import sys, notifier.cli.app; print([m for m in ('fpdf', 'fontTools', 'segno') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# ── revoking ─────────────────────────────────────────────────────────────────────────────────────


def test_what_is_revoked_connects_nobody(either_desk: Desk) -> None:
    out = either_desk.folder / "links.csv"
    either_desk.does("links", "--unit", "BS", "--out", out)
    assert redeemed(either_desk, table(out)["p11"]) == "p11"
    done = either_desk.does("links", "--person", "p12", "--revoke", "--by", "p11")
    assert done.out == "1 unused link(s) and code(s) revoked; chats already linked stay\n"
    either_desk.at("2026-11-23T19:05:00")
    assert redeemed(either_desk, table(out)["p12"]) is None
    assert redeemed(either_desk, table(out)["p13"]) == "p13"
    assert either_desk.does("links", "--unit", "BS", "--revoke").out.startswith("5 unused")
    either_desk.at("2026-11-23T19:10:00")
    assert [redeemed(either_desk, table(out)[person]) for person in EVERYBODY] == [None] * 8
    assert journal(either_desk, "links_revoked") == [
        ("BS01", "p12", "p11", "1"),
        ("BS", "p02", None, "1"),
        ("BS01", None, None, "2"),
        ("BS02", None, None, "2"),
    ]


# ── coverage ─────────────────────────────────────────────────────────────────────────────────────


def test_coverage_counts_each_unit_with_all_below_it(either_desk: Desk) -> None:
    found = either_desk.does("links", "--coverage", "--json").document
    shown = [tuple(one[name] for name in ("unit", "people", "telegram", "sms_only")) for one in found]
    assert shown == [("BS", 8, 5, 3), ("BS01", 5, 2, 3), ("BS02", 2, 2, 0), ("YQ", 9, 6, 3)]
    assert found[0]["telegram_percent"] == 62.5
    assert either_desk.does("links", "--coverage", "--unit", "BS02", "--json").document == [
        {"unit": "BS02", "name": "密东村", "people": 2, "telegram": 2, "sms_only": 0, "neither": 0,
         "telegram_percent": 100.0, "sms_only_percent": 0.0, "neither_percent": 0.0}
    ]  # fmt: skip
    assert either_desk.does("status", "--json").document["coverage"] == found


def test_an_address_that_is_lost_covers_nobody(either_desk: Desk) -> None:
    async def lose(parts: Parts) -> None:
        now = parts.station.now()
        async with parts.station.db.write() as tx:
            await tx.contacts.mark("telegram", "100", "100011", "blocked", None, now)  # type: ignore[arg-type]
            await tx.contacts.mark("sms", "", "+8613800100014", "stopped", None, now)  # type: ignore[arg-type]

    either_desk.inside(lose)
    [found] = either_desk.does("links", "--coverage", "--unit", "BS01", "--json").document
    assert (found["telegram"], found["sms_only"], found["neither"]) == (1, 2, 2)
    shown = either_desk.does("links", "--coverage", "--unit", "BS01", "--missing").out
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in shown.splitlines() if "│ p1" in line]
    assert rows == [
        ["BS01", "p11", "赵志强", "blocked", "SMS"],
        ["BS01", "p12", "周丽华", "no_contact", "SMS"],
        ["BS01", "p14", "郑秀英", "no_contact", "nothing"],
        ["BS01", "p15", "孙小军", "no_contact", "nothing"],
    ]


def test_names_are_shown_only_when_asked_for(desk: Desk) -> None:
    shown = desk.does("links", "--coverage").out
    assert "岐元村" in shown
    assert "40.0 %" in shown
    assert "周丽华" not in shown
    assert "周丽华" not in desk.does("status").out
    assert desk.does("links", "--coverage", "--unit", "BS02", "--missing").status == 0
    assert desk.does("links", "--coverage", "--unit", "NOWHERE").status == 1
