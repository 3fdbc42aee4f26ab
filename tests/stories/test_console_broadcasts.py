"""Broadcasts at the console: how they go on is seen there, and what is left of them is called off there."""

import csv
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from notifier.domain.ids import BroadcastId
from notifier.domain.policy import Kind
from notifier.sandbox.faults import Carrier, FaultKind
from tests.stories.browsing import console_of
from tests.stories.harness import ONE_POST, Station, duty_station
from tests.stories.test_broadcasts import commends

ALL = "/console/broadcasts"
ONE = f"{ALL}/1"
NO_PHONE = {"people.csv": {"p12,周丽华,+8613800100012,BS01": "p12,周丽华,,BS01"}}


@pytest.fixture
async def morning(tmp_path: Path, database_url: str) -> AsyncIterator[Station]:
    """Nine o'clock; 周丽华 (p12) has neither phone nor Telegram."""
    async with duty_station(tmp_path, database_url, edits={**ONE_POST, **NO_PHONE}) as opened:
        await opened.until_civil("09:00")
        opened.reads_all()
        yield opened


def plain(page: str) -> str:
    """The page's text, without its markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


async def test_one_broadcast_is_told_with_every_recipient_in_one_state(morning: Station) -> None:
    await commends(morning, "unit:BS01", relay=True)
    await morning.phone("p11").replies(f"转达{morning.phone('p11').number} 47")
    async with console_of(morning, "p01") as desk:
        page = plain(await desk.sees(ONE))
        listed = plain(await desk.sees(ALL))
    assert "已发完 · 共 5 人" in page
    assert "▲ 没发到 1" in page
    assert re.search(r"周丽华 岐元村 没发到 — 没有联系方式", page)
    assert "1 村中" in page
    assert "守卡表扬 表扬 · 请各村转达 已发完" in listed
    assert "unit:BS01" in listed


async def test_more_than_there_are_is_marked_in_the_table_of_units(morning: Station) -> None:
    await commends(morning, "unit:BS01", relay=True)
    for _ in range(2):
        await morning.phone("p11").replies(f"转达{morning.phone('p11').number} 47")
    async with console_of(morning, "p01") as desk:
        page = plain(await desk.sees(ONE))
    assert "1 村中 1 村已回，共告诉 47 人（名册 5 人）" in page
    assert re.search(r"岐元村 赵志强 5 47 ▲ 多于名册", page)


async def test_an_open_page_hears_how_it_goes_on(morning: Station) -> None:
    await commends(morning, "unit:BS01", relay=True)
    async with console_of(morning, "p01") as desk, desk.watching(f"{ONE}/events") as stream:
        first = plain(await stream.next("各村转达"))
        assert "1 村中 0 村已回" in first
        await morning.phone("p11").replies(f"转达{morning.phone('p11').number} 4")
        news = await stream.next("各村转达")
    assert "1 村中 1 村已回，共告诉 4 人" in plain(news)
    assert 'id="unreached"' not in news, "what has not changed is not sent again"


async def test_what_is_left_is_cancelled_once_after_asking(morning: Station) -> None:
    broadcast = await commends(morning, "unit:BS01", relay=True)
    async with console_of(morning, "p01") as desk:
        assert "还有 1 村没回转达人数" in await desk.sees(f"{ONE}/cancel")
        answers = [await desk.post(f"{ONE}/cancel") for _ in range(2)]
        assert [answer.headers["location"] for answer in answers] == [
            f"{ONE}?did=cancel",
            f"{ONE}?did=cancel_again",
        ]
        assert "之前已经取消了" in await desk.sees(answers[1].headers["location"])
        assert "已经没有可以取消的了" in await desk.sees(f"{ONE}/cancel")
    lines = await morning.journal(f"broadcast:{broadcast}")
    told = [(line.event, line.person, line.channel) for line in lines]
    assert told[1:] == [("broadcast_cancelled", "p01", "web")]
    async with morning.engine.parts.station.db.read() as tx:
        found = await tx.broadcasts.get(BroadcastId(broadcast))
    assert found is not None
    assert found.state == "cancelled"


async def test_those_of_unknown_outcome_are_sent_once_more_and_no_others(morning: Station) -> None:
    morning.arm(Carrier.TELEGRAM, FaultKind.CUT_AFTER, "p13")
    await commends(morning, "unit:BS01")
    async with console_of(morning, "p01") as desk:
        page = plain(await desk.sees(ONE))
        if "? 是否发到不明 1" not in page:
            await morning.advance(minutes=5)
            page = plain(await desk.sees(ONE))
        assert "? 是否发到不明 1" in page
        before = morning.phone("p11").count("通报表扬")
        answer = await desk.post(f"{ONE}/resend")
        assert answer.headers["location"] == f"{ONE}?did=resend"
        again = await desk.post(f"{ONE}/resend")
        assert again.headers["location"] == f"{ONE}?did=resend_none"
    assert morning.phone("p11").count("通报表扬") == before
    lines = await morning.journal("broadcast:1")
    assert [(line.person, line.reason) for line in lines if line.event == "broadcast_resent"] == [
        ("p01", "1")
    ]


async def test_the_list_is_exported_without_any_number_and_without_formulas(
    tmp_path: Path, database_url: str
) -> None:
    named = {"people.csv": {"p12,周丽华,+8613800100012,BS01": "p12,=1+1,,BS01"}}
    async with duty_station(tmp_path, database_url, edits={**ONE_POST, **named}) as station:
        await station.until_civil("09:00")
        await commends(station, "unit:BS01")
        async with console_of(station, "p01") as desk:
            answer = await desk.get(f"{ONE}/recipients.csv")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert answer.content.startswith(b"\xef\xbb\xbf")
        rows = list(csv.DictReader(answer.content.decode("utf-8-sig").splitlines()))
        assert [row["编号"] for row in rows] == ["p11", "p12", "p13", "p14", "p15"]
        assert rows[1]["姓名"] == "'=1+1"
        assert (rows[1]["状态"], rows[1]["原因"]) == ("没发到", "没有联系方式")
        assert not re.search(r"1380010|\+86", answer.text)


async def test_a_village_sees_its_own_and_may_not_touch_what_goes_further(morning: Station) -> None:
    await commends(morning, "unit:BS01")
    await commends(morning, "unit:BS", kind=Kind.NOTICE)
    await commends(morning, "person:p13")
    async with console_of(morning, "p11") as secretary:
        listed = await secretary.sees(ALL)
        assert ONE in listed
        assert f"{ALL}/3" in listed
        assert f"{ALL}/2" not in listed
        assert (await secretary.get(f"{ALL}/2")).status_code == 403
        assert (await secretary.post(f"{ALL}/2/cancel")).status_code == 403
    async with console_of(morning, "p21") as stranger:
        assert "您的权限内还没有群发" in await stranger.sees(ALL)
        for path in (ONE, f"{ONE}/recipients.csv", f"{ONE}/events", f"{ALL}/99"):
            assert (await stranger.get(path)).status_code == 403
