"""The settings at the console: what is in force, every text at its worst, and how the program fares."""

import html
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from notifier.domain.policy import Kind
from notifier.engine.console.deliveries import without_numbers
from notifier.engine.console.settings_view import SPANS, previews
from notifier.engine.reloading import reload_settings
from notifier.web.console.settings import lasting
from notifier.web.console.words import Words
from tests.stories.browsing import console_of
from tests.stories.harness import ONE_POST, Station, duty_station

PAGE = "/console/settings"
PAGES = (PAGE, f"{PAGE}/texts", f"{PAGE}/health")


@pytest.fixture
async def evening(tmp_path: Path, database_url: str) -> AsyncIterator[Station]:
    async with duty_station(tmp_path, database_url, edits=ONE_POST) as opened:
        await opened.until_civil("12:00")
        yield opened


def block(page: str, kind: Kind) -> str:
    found = page.partition(f'id="k-{kind}"')[2].partition("</article>")[0]
    return re.sub(r"<[^>]+>", " ", found)


async def test_the_rules_in_force_are_told_with_their_version(evening: Station) -> None:
    async with evening.engine.parts.station.db.read() as tx:
        rules = await evening.engine.parts.station.rules.current(tx)
    async with console_of(evening, "p01") as desk:
        page = await desk.sees(PAGE)
    assert f"第 {rules.version} 版" in page
    unstaffed = block(page, Kind.UNSTAFFED)
    assert "当班人" in unstaffed
    say = partial(Words.load().say, "zh")
    for step in rules.policy(Kind.UNSTAFFED).steps:
        assert f"等 {lasting(say, step.wait)}" in unstaffed
    for checklist in rules.checklists:
        for item in checklist.items:
            assert html.escape(item["zh"]) in page
    for start, end in rules.quiet.spans:
        assert f"{start:%H:%M}–{end:%H:%M}" in page


async def test_what_is_reloaded_is_shown_as_a_new_version(evening: Station, tmp_path: Path) -> None:
    parts = evening.engine.parts
    async with parts.station.db.read() as tx:
        before = await parts.station.rules.current(tx)
    folder = tmp_path / "changed"
    folder.mkdir()
    text = before.sources["policies.yaml"].replace("grace: 10m", "grace: 1h30m", 1)
    assert text != before.sources["policies.yaml"]
    (folder / "policies.yaml").write_text(text, "utf-8")
    version = await reload_settings(parts, folder)
    async with console_of(evening, "p01") as desk:
        page = await desk.sees(PAGE)
    assert version == before.version + 1
    assert f"第 {version} 版" in page
    assert "1 小时 30 分" in block(page, Kind.UNSTAFFED)


def test_every_kind_says_what_it_goes_by() -> None:
    assert set(SPANS) == set(Kind)


@pytest.mark.parametrize(
    ("span", "told"),
    [
        (timedelta(0), "0"),
        (timedelta(seconds=90), "1 分 30 秒"),
        (timedelta(days=1, hours=2), "1 天 2 小时"),
        (timedelta(seconds=1.5), "1.5 秒"),
    ],
)
def test_durations(span: timedelta, told: str) -> None:
    assert lasting(partial(Words.load().say, "zh"), span) == told


async def test_every_text_is_shown_at_its_worst_and_within_its_limit(evening: Station) -> None:
    station = evening.engine.parts.station
    for name in station.texts.names():
        shown = previews(station, name, station.now())
        assert {(one.locale, one.channel) for one in shown} == {
            (locale, channel) for locale in ("zh", "en") for channel in ("sms", "telegram")
        }
        for one in shown:
            assert one.text, name
            assert one.segments <= one.most_segments, name
            assert one.units == len(one.text.encode("utf-16-le")) // 2


async def test_a_template_is_previewed_in_both_languages_and_on_each_channel(evening: Station) -> None:
    async with console_of(evening, "p01") as desk:
        names = await desk.sees(f"{PAGE}/texts")
        page = await desk.sees(f"{PAGE}/texts?name=call_unstaffed")
        assert "name=call_unstaffed" in names
        station = evening.engine.parts.station
        for one in previews(station, "call_unstaffed", station.now()):
            assert str(html.escape(one.text, quote=False)).splitlines()[0] in html.unescape(page)
            assert f"{one.units} 个字符" in page
        assert page.count('class="preview"') == 6
        for odd in ("name=nothing", "name=%00", "name="):
            assert 'class="preview"' not in await desk.sees(f"{PAGE}/texts?{odd}")


async def test_how_the_program_fares(evening: Station) -> None:
    async with evening.engine.parts.station.db.read() as tx:
        leases = await tx.leases.all()
    assert leases
    async with console_of(evening, "p01") as desk:
        page = await desk.sees(f"{PAGE}/health")
    assert "watch" in page
    owner = next(lease.owner for lease in leases if lease.name == "watch")
    assert owner is not None
    assert owner in page
    assert not re.search(r"\+\d{8,}", page), "an SMS sender's number"


async def test_each_account_is_told_with_what_its_carrier_said_last(evening: Station) -> None:
    for account, trouble in zip(evening.engine.accounts, (None, "30022"), strict=True):
        account.trouble = trouble
    async with console_of(evening, "p01") as desk:
        page = (await desk.sees(f"{PAGE}/health")).partition('id="h-accounts"')[2].partition("</section>")[0]
    told = [re.sub(r"<[^>]+>", " ", row).split() for row in re.findall(r"<tr><th.*?</tr>", page)]
    names = [without_numbers(account.name) for account in evening.engine.accounts]
    assert [row for row in told if row[0] in names] == [
        [names[0], "Telegram", "正常"],
        [names[1], "短信", "×", "有问题", "30022"],
    ]


@pytest.mark.parametrize("person", ["p02", "p11", "p14"])
async def test_who_oversees_nothing_is_shown_nothing(evening: Station, person: str) -> None:
    async with console_of(evening, person) as browser:
        for page in (*PAGES, f"{PAGE}/texts?name=call_unstaffed"):
            assert (await browser.get(page)).status_code == 403


async def test_in_english_too(evening: Station) -> None:
    async with console_of(evening, "p01") as desk:
        desk.client.cookies.set("notifier-language", "en")
        for page, told in zip(PAGES, ("Matters by kind", "longest names", "Who does what"), strict=True):
            assert told in await desk.sees(page)
