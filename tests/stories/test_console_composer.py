"""A broadcast is written at the console: weighed before it is sent, tried on oneself, and sent once."""

import asyncio
import html
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from notifier.domain.ids import PersonId
from notifier.domain.roster import ChannelName
from notifier.engine import broadcasts
from notifier.store.database import Database
from notifier.web.console import composer
from notifier.web.console.draft import KINDS
from tests.contract.console_client import Console
from tests.contract.store_city import DAN, EVA, V1
from tests.stories.browsing import Browser, console_of
from tests.stories.harness import ONE_POST, Station, duty_station
from tests.stories.test_console_broadcasts import ALL, NO_PHONE, plain

CHECK, TRY, SEEK = f"{ALL}/check", f"{ALL}/try", f"{ALL}/people"
FORM: dict[str, str | list[str]] = {
    "kind": "commendation",
    "title": "守卡表扬",
    "body": "你们守卡认真，市里通报表扬。",
    "to": ["unit:BS01"],
    "reply_hours": "2",
    "at": "",
}
TOKEN = "0123456789abcdef" * 2


@pytest.fixture
async def morning(tmp_path: Path, database_url: str) -> AsyncIterator[Station]:
    """Nine o'clock; 周丽华 (p12) has neither phone nor Telegram."""
    async with duty_station(tmp_path, database_url, edits={**ONE_POST, **NO_PHONE}) as opened:
        await opened.until_civil("09:00")
        opened.reads_all()
        yield opened


async def checked(browser: Browser, **changes: str | list[str]) -> str:
    """What the check shows."""
    answer = await browser.post(CHECK, **{**FORM, **changes})
    assert answer.status_code == 200, plain(answer.text)
    return answer.text


def kept_in(page: str) -> dict[str, str | list[str]]:
    """The fields of the form that sends what was checked, as a browser gives them back."""
    form = page.partition(f'action="{ALL}">')[2].partition("</form>")[0]
    fields: dict[str, str | list[str]] = {}
    for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form):
        if name in ("to", "among", "person"):
            fields[name] = [*fields.get(name, []), html.unescape(value)]
        elif name != "csrf":
            fields[name] = html.unescape(value)
    return fields


async def nothing_was_sent(station: Station) -> None:
    """No broadcast is written down, and no text of one went anywhere."""
    async with station.engine.parts.station.db.read() as tx:
        assert await tx.broadcasts.listing() == []
    assert [told for told in await station.messages() if told["kind"] in KINDS] == []


async def test_a_check_weighs_it_shows_it_as_phones_will_and_writes_nothing(morning: Station) -> None:
    async with console_of(morning, "p01") as desk:
        page = await checked(desk)
        text = plain(page)
    assert "共发给 5" in text
    assert "发不到 ▲ 1" in text
    assert "1 人发不到：周丽华 p12" in text
    assert "按现在的速度 不到 1 秒" in text, "nothing is paced here"
    assert "EXPR）： unit:BS01" in text
    for told in (
        "岐元村：你们守卡认真，市里通报表扬。谢谢赵志强同志和全体值守人员！不用回复",
        "中文 · Telegram",
        "English · Telegram",
    ):
        assert told in text
    assert re.search(r"English · SMS · \d segment|English · 短信 · \d 条", text)
    await nothing_was_sent(morning)


async def test_what_was_checked_is_sent_once_however_often_it_is_pressed(morning: Station) -> None:
    async with console_of(morning, "p01") as desk:
        fields = kept_in(await checked(desk, relay="1"))
        answers = await asyncio.gather(*(desk.post(ALL, **fields) for _ in range(3)))
        led = sorted(answer.headers["location"] for answer in answers)
        assert led == [f"{ALL}/1?did=send", f"{ALL}/1?did=send_again", f"{ALL}/1?did=send_again"]
        assert "没有再发" in await desk.sees(led[1])
    assert morning.phone("p13").count("通报表扬") == 1
    async with morning.engine.parts.station.db.read() as tx:
        [found] = await tx.broadcasts.listing()
    assert (found.author, found.relay, found.audience) == ("p01", True, ("unit:BS01",))
    lines = await morning.journal(f"order:{fields['token']}")
    assert [(line.event, line.person, line.channel, line.reason) for line in lines] == [
        ("broadcast_written", "p01", "web", "1")
    ]


async def test_checking_anew_is_another_broadcast(morning: Station) -> None:
    async with console_of(morning, "p01") as desk:
        for number in (1, 2):
            answer = await desk.post(ALL, **kept_in(await checked(desk)))
            assert answer.headers["location"] == f"{ALL}/{number}?did=send"


async def test_a_trial_goes_to_oneself_alone_and_at_once_in_quiet_hours_too(
    tmp_path: Path, database_url: str
) -> None:
    quiet = {"shifts.csv": {**ONE_POST["shifts.csv"], "BS01-G1,2026-11-24 00:00,2026-11-24 08:00,p15\n": ""}}
    async with (
        duty_station(tmp_path, database_url, start="2026-11-23 22:45", edits=quiet) as station,
        console_of(station, "p11") as secretary,
    ):
        page = await checked(secretary)
        assert "要到 11-24 06:30 才开始发" in plain(page)
        tried = await secretary.post(TRY, **kept_in(page))
        assert "已发到您自己的手机" in tried.text
        again = await secretary.post(TRY, **kept_in(tried.text))
        assert again.status_code == 200
        assert station.phone("p11").count("通报表扬") == 1
        assert station.phone("p13").count("通报表扬") == 0
        async with station.engine.parts.station.db.read() as tx:
            assert await tx.broadcasts.listing() == []


async def test_a_broadcast_of_later_begins_then(morning: Station) -> None:
    async with console_of(morning, "p01") as desk:
        fields = kept_in(await checked(desk, at="2026-11-23T10:30"))
        await desk.post(ALL, **fields)
        assert "待发" in await desk.sees(f"{ALL}/1")
    await morning.until_civil("10:29")
    assert morning.phone("p11").count("通报表扬") == 0
    await morning.until_civil("10:30")
    morning.phone("p11").got("通报表扬")


async def test_units_and_offices_both_hold(morning: Station) -> None:
    async with console_of(morning, "p01") as desk:
        page = await checked(desk, to=["unit:BS", "unit:BS01"], among=["office:secretary"])
        assert "EXPR）： unit:BS,office:secretary" in plain(page)
        assert "共发给 2" in plain(page)
        everywhere = await checked(desk, to=[], among=["office:secretary"])
        assert "EXPR）： office:secretary" in plain(everywhere)
    async with console_of(morning, "p11") as secretary:
        own = await checked(secretary, to=[], among=["office:secretary"])
        assert "EXPR）： unit:BS01,office:secretary" in plain(own)


WRONG: tuple[tuple[dict[str, str | list[str]], str], ...] = (
    ({"title": " "}, "标题要 1 至 80 个字，现在 0 个"),
    ({"title": "表" * 81}, "现在 81 个"),
    ({"body": ""}, "正文要 1 至 3000 个字"),
    ({"kind": "song"}, "请选表扬或通知"),
    ({"to": []}, "请至少勾一个"),
    ({"to": ["unit:NOWHERE"]}, "一个人也没有"),
    ({"to": ["person:p01"]}, "对象写得不对"),
    ({"to": ["unit:BS01,office:secretary"]}, "对象写得不对"),
    ({"to": ["unit:BS\x0001"]}, "对象写得不对"),
    ({"among": ["unit:BS01"]}, "对象写得不对"),
    ({"among": [f"office:x{number}" for number in range(101)]}, "对象太零碎（101 项"),
    ({"person": ["p01,unit:BS"]}, "对象写得不对"),
    ({"person": [""]}, "对象写得不对"),
    ({"person": ["p99"]}, "“person:p99”一个人也没有"),
    ({"typed": "unit:BS01\r\neverybody"}, "“everybody”里的“everybody”看不懂"),
    ({"typed": "unit:BS01,rank:1"}, "没有“rank”这一种"),
    ({"typed": "unit:NOWHERE"}, "“unit:NOWHERE”一个人也没有"),
    ({"typed": "office:captain，unit:BS01"}, "“office:captain，unit:BS01”一个人也没有"),
    ({"typed": "unit:BS\x0001"}, "对象写得不对"),
    ({"typed": "unit:BS01\n" * 101}, "最多 1000 个字符"),
    ({"relay": "1", "reply_hours": "0"}, "1 至 72 之间"),
    ({"at": "soon"}, "没有看懂"),
    ({"at": "2026-11-23T08:00"}, "已经过了"),
    ({"at": "9999-12-31T23:59-23:59"}, "没有看懂"),
    ({"at": "2027-11-23T09:00"}, "最远是 90 天"),
)


async def test_what_is_wrong_is_said_in_one_line_and_what_was_written_stays(morning: Station) -> None:
    async with console_of(morning, "p01") as desk:
        for changes, told in WRONG:
            for path, more in ((CHECK, {}), (ALL, {"token": TOKEN}), (TRY, {"token": TOKEN})):
                answer = await desk.post(path, **{**FORM, **changes, **more})
                assert answer.status_code == 400, changes
                assert told in answer.text, changes
                if "body" not in changes:
                    assert "市里通报表扬。</textarea>" in answer.text
    await nothing_was_sent(morning)


async def test_a_page_without_its_token_sends_nothing(morning: Station) -> None:
    async with console_of(morning, "p01") as desk:
        for token in ("", "x" * 32, "0" * 31):
            answer = await desk.post(ALL, **FORM, token=token)
            assert (answer.status_code, "请重新核对一次" in answer.text) == (400, True)
    await nothing_was_sent(morning)


async def test_single_people_are_found_taken_in_and_left_out_while_the_draft_stays(morning: Station) -> None:
    draft = {**FORM, "to": [], "typed": "unit:BS02,office:secretary"}
    async with console_of(morning, "p01") as desk:
        for path in (SEEK, CHECK):
            found = await desk.post(path, **draft, find="郑")
            assert found.status_code == 200
            assert re.search(r"“郑”找到 \d 人", found.text), "also where Enter presses the check"
            assert 'name="add" value="p14"' in found.text
            assert "市里通报表扬。</textarea>" in found.text
            assert "unit:BS02,office:secretary</textarea>" in found.text
        taken = await desk.post(SEEK, **draft, person=["p12"], add="p14")
        assert re.findall(r'name="person" value="(\w+)"', taken.text) == ["p12", "p14"]
        assert "郑秀英 p14" in plain(taken.text)
        left = await desk.post(SEEK, **draft, person=["p12", "p14"], drop="p12")
        assert re.findall(r'name="person" value="(\w+)"', left.text) == ["p14"]
        page = await checked(desk, **{**draft, "person": ["p14"]})
        assert "EXPR）： person:p14 unit:BS02,office:secretary" in plain(page)
        assert "共发给 2" in plain(page)
        await desk.post(ALL, **kept_in(page))
    morning.phone("p14").got("通报表扬")
    assert morning.phone("p13").count("通报表扬") == 0
    async with morning.engine.parts.station.db.read() as tx:
        [sent] = await tx.broadcasts.listing()
    assert sent.audience == ("person:p14", "unit:BS02,office:secretary")


async def test_only_those_in_reach_are_found_and_named(morning: Station) -> None:
    async with console_of(morning, "p11") as secretary:
        nobody = await secretary.post(SEEK, **FORM, find="p01", person=["p01"])
        assert nobody.status_code == 403, "p01 stands in the form, and no page of ours offered him"
        nobody = await secretary.post(SEEK, **FORM, find="p01")
        assert "“p01”找到 0 人" in nobody.text
        assert (await secretary.post(SEEK, **FORM, add="p01")).status_code == 403
        for person in ("p01", "p99"):
            assert (await secretary.post(CHECK, **FORM, person=[person])).status_code == 403
        for typed in ("unit:BS02", "person:p01", "office:secretary", "unit:NOWHERE"):
            answer = await secretary.post(CHECK, **FORM, typed=typed)
            assert (answer.status_code, f"“{typed}”超出您的权限，或没有" in answer.text) == (403, True)
            assert "市里通报表扬。</textarea>" in answer.text, "what he wrote stays"
        assert "共发给 1" in plain(await checked(secretary, to=[], typed="unit:BS01,office:secretary"))


async def test_who_is_held_back_and_who_opted_out_is_named(tmp_path: Path, database_url: str) -> None:
    allowed = ("p01", "p11", "p12", "p13")
    async with duty_station(tmp_path, database_url, edits=ONE_POST, only_to=allowed) as station:
        at_work = station.engine.parts.station
        async with at_work.db.write() as tx:
            opted_out = await tx.roster.person(PersonId("p12"))
            assert opted_out is not None
            assert opted_out.phone is not None
            await tx.contacts.mark(ChannelName.SMS, "", opted_out.phone, "stopped", None, at_work.now())
        async with console_of(station, "p01") as desk:
            text = plain(await checked(desk))
    assert "未放行（ONLY_TO） ‖ 2" in text
    assert re.search(r"2 人未放行（不在 ONLY_TO 里，只记录、不发出）：\S+ p14 ?、\S+ p15", text)
    assert "1 人有一个渠道停了，改走另一渠道，或发不到：周丽华 p12 (短信 退订了)" in text
    assert "不知道短信单价" in text


async def test_nobody_sends_beyond_his_reach(morning: Station) -> None:
    async with console_of(morning, "p11") as secretary:
        page = await secretary.sees(f"{ALL}/new")
        assert "unit:BS01" in page
        assert "unit:BS02" not in page
        for path in (CHECK, ALL, TRY):
            for to in (["unit:BS02"], ["unit:BS01", "unit:BS"], ["unit:NOWHERE"]):
                answer = await secretary.post(path, **{**FORM, "to": to, "token": TOKEN})
                assert answer.status_code == 403, to
    async with console_of(morning, "p14") as member:
        assert "没有可以群发的单位" in await member.sees(f"{ALL}/new")
        assert (await member.post(CHECK, **FORM)).status_code == 403
    await nothing_was_sent(morning)


async def test_in_english_it_is_written_in_english(morning: Station) -> None:
    async with console_of(morning, "p01") as desk:
        desk.client.cookies.set("notifier-language", "en")
        text = plain(await checked(desk))
    assert "Send to 5 people" in text
    assert "1 cannot be reached:" in text


# ── large ones ──


async def test_a_large_one_is_written_behind_its_page(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(composer, "CHUNK", 1)
    monkeypatch.setattr(broadcasts, "CHUNK", 1)
    console = await Console.open(sqlite_database)
    browser = await console.signed_in(DAN)
    form = {"to": f"unit:{V1}", "kind": "notice", "title": "t", "body": "b", "token": TOKEN}
    assert (await browser.send(ALL, form)).headers["location"] == f"{ALL}/1?did=send"
    assert (await browser.send(ALL, form)).headers["location"] == f"{ALL}/1?did=send_again"
    async with sqlite_database.read() as tx:
        [found] = await tx.broadcasts.listing()
        assert found.state == broadcasts.SCHEDULED
        assert sum((await tx.messages.recipient_states(found.id)).values()) == 3


async def test_one_that_is_cancelled_while_it_is_written_goes_to_nobody(sqlite_database: Database) -> None:
    console = await Console.open(sqlite_database)
    parts = console.parts
    order = broadcasts.Order(
        kind=KINDS[1],
        title="t",
        body="b",
        audience=(f"unit:{V1}",),
        author=EVA,
        relay=True,
        reply_by=None,
        start_at=None,
    )
    begun = await parts.broadcasts.begin(order, parts.station.now())
    await parts.broadcasts.stop(begun.id)
    await parts.broadcasts.fill(begun, lambda _: None)
    async with sqlite_database.read() as tx:
        found = await tx.broadcasts.get(begun.id)
        assert found is not None
        assert found.state == "cancelled"
        assert sum((await tx.messages.recipient_states(begun.id)).values()) == 0
        assert await tx.broadcasts.relays(begun.id) == []
