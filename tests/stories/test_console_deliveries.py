"""Deliveries at the console: what went out and what did not, who cannot be reached, sending again."""

import csv
import html
import io
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from notifier.domain.access import Grant, Right
from notifier.domain.ids import MessageId, PersonId, UnitCode
from notifier.domain.message import MessageState
from notifier.domain.roster import ChannelName
from notifier.domain.secrecy import HIDDEN, SIGN_IN_CODE
from notifier.engine.console import deliveries
from tests.stories.browsing import Browser, console_of
from tests.stories.harness import ONE_POST, Station, duty_station
from tests.stories.surroundings import SENDER

PAGE = "/console/deliveries"


@pytest.fixture
async def evening(tmp_path: Path, database_url: str) -> AsyncIterator[Station]:
    """20:26: 周丽华 (p12), 赵志强 (p02) and others were called; the carrier knew that p12 opted out."""
    async with duty_station(tmp_path, database_url, edits=ONE_POST) as opened:
        opened.sandbox.state.twilio.opted_out.add((SENDER, "+8613800100012"))
        await opened.until_civil("20:26")
        yield opened


def part(page: str, begin: str, end: str) -> str:
    """The page from one of its headings to another."""
    return page.partition(f'id="{begin}"')[2].partition(f'id="{end}"')[0]


def counted(page: str, channel: str, state: str) -> int:
    found = re.search(rf'aria-label="{channel} {state} (\d+)"', page)
    return int(found[1]) if found else 0


async def make_uncertain(station: Station, person: str) -> int:
    """The last SMS to somebody becomes one of which nobody knows whether it arrived."""
    last = (await station.messages(person=person))[-1]
    async with station.engine.parts.station.db.write() as tx:
        await tx.conn.exec_driver_sql(
            f"UPDATE messages SET state = '{MessageState.UNCERTAIN}', rides_on = NULL "
            f"WHERE id = {int(last['id'])}"
        )
    return int(last["id"])


async def test_what_went_out_is_counted_as_the_store_has_it(evening: Station) -> None:
    told = await evening.messages()
    async with console_of(evening, "p01") as desk:
        page = await desk.sees(f"{PAGE}?days=7")
    for channel, name in (("sms", "短信"), ("telegram", "Telegram")):
        for state, word in (("delivered", "送达"), ("failed", "没发到"), ("sent", "已发")):
            expected = sum(one["channel"] == channel and one["state"] == state for one in told)
            assert counted(page, name, word) == expected, (channel, state)
    assert counted(page, "短信", "没发到") >= 1


async def test_a_failure_is_told_with_its_mend_and_its_people(evening: Station) -> None:
    async with console_of(evening, "p01") as desk:
        page = await desk.sees(PAGE)
    failures, lost = part(page, "h-failures", "h-lost"), part(page, "h-lost", "h-messages")
    assert "本人退订了短信" in failures
    assert "21610" in failures
    assert "请他往短信号码回“恢复”" in failures
    assert "周丽华" in lost
    assert "退订了" in lost


async def test_that_more_are_lost_than_are_shown_is_said(
    evening: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "LOST_SHOWN", 1)
    async with console_of(evening, "p01") as desk:
        assert "只列出最近的" not in await desk.sees(PAGE)
        station = evening.engine.parts.station
        async with station.db.write() as tx:
            also = await tx.roster.person(PersonId("p11"))
            assert also is not None
            await tx.contacts.mark(ChannelName.SMS, "", also.phone or "", "wrong", "30006", station.now())
        lost = part(await desk.sees(PAGE), "h-lost", "h-messages")
    assert "只列出最近的 1 个" in lost
    assert ("赵志强" in lost, "周丽华" in lost) == (True, False), "the latest"


async def test_the_list_is_filtered_and_shows_no_number_in_full(evening: Station) -> None:
    async with console_of(evening, "p01") as desk:
        failed = part(await desk.sees(f"{PAGE}?state=failed&channel=sms"), "h-messages", "said")
        everything = part(await desk.sees(PAGE), "h-messages", "said")
        village = part(await desk.sees(f"{PAGE}?unit=BS02"), "h-messages", "said")
    assert "周丽华" in failed
    assert "赵志强" not in failed
    assert "赵志强" in everything
    assert "赵志强" not in village
    assert not re.search(r"1\d{10}", everything)
    assert re.search(r"138\*\*\*\*\d{4}", everything), "texts name whom to ring"


async def test_older_messages_are_on_the_pages_behind(evening: Station) -> None:
    async with evening.engine.parts.station.db.write() as tx:
        columns = (
            'person, channel, account, address, lane, call, template, "values", text, keyboard, state, '
            "repeated, attempts, created_at"
        )
        for copy in range(120):
            await tx.conn.exec_driver_sql(
                f"INSERT INTO messages (key, {columns}) "
                f"SELECT 'copy {copy}', {columns} FROM messages WHERE id = (SELECT max(id) FROM messages)"
            )
        last = max(row[0] for row in await tx.conn.exec_driver_sql("SELECT max(id) FROM messages"))
    seen: list[int] = []
    async with console_of(evening, "p01") as desk:
        path: str | None = PAGE
        while path is not None:
            page = await desk.sees(path)
            seen += [int(number) for number in re.findall(r'<tr id="m-(\d+)"', page)]
            found = re.search(rf'class="button quiet" href="({PAGE}\?[^"#]*)', page)
            path = found[1].replace("&amp;", "&") if found else None
    assert seen == list(range(last, 0, -1))


async def test_an_uncertain_message_is_sent_again_once_and_that_is_journalled(evening: Station) -> None:
    number = await make_uncertain(evening, "p02")
    async with console_of(evening, "p01") as desk:
        assert f"{PAGE}/{number}/resend" in await desk.sees(f"{PAGE}?state=uncertain")
        answer = await resent(desk, number, state="uncertain")
        assert answer == (303, f"{PAGE}?did=resent&state=uncertain")
        assert (await resent(desk, number))[0] == 409, "it is on its way, or has arrived"
    [again] = [one for one in await evening.messages(person="p02") if int(one["id"]) == number]
    assert again["repeated"] is True
    assert again["state"] != "uncertain"
    [line] = [line for line in await evening.journal("p02") if line.event == "resent"]
    assert (line.person, line.channel, line.message) == ("p01", "web", MessageId(number))


async def test_all_uncertain_ones_are_shown_first_and_then_sent_again_each_once(evening: Station) -> None:
    first, second = [await make_uncertain(evening, person) for person in ("p12", "p11")]
    async with console_of(evening, "p01") as desk:
        page = await desk.sees(PAGE)
        where = html.unescape(re.findall(rf'href="({PAGE}/resend[^"]*)"', page)[0])
        sure = await desk.sees(where)
        assert "有 2 条不知道收没收到" in sure
        fields = dict(re.findall(r'name="(first|last)" value="(\d+)"', sure))
        later = await make_uncertain(evening, "p02")
        assert later > int(fields["last"]), "what comes after the page was shown is not meant"
        for did in ("resent", "resent_none"):
            answer = await desk.post(f"{PAGE}/resend", **fields, channel="")
            assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}?did={did}")
        assert "没有改动" in await desk.sees(f"{PAGE}?did=resent_none")
    for number, person in ((first, "p12"), (second, "p11")):
        [again] = [one for one in await evening.messages(person=person) if int(one["id"]) == number]
        assert (again["repeated"], again["state"] == "uncertain") == (True, False)
        [line] = [line for line in await evening.journal(person) if line.event == "resent"]
        assert (line.person, line.channel, line.message) == ("p01", "web", MessageId(number))
    [left] = [one for one in await evening.messages(person="p02") if int(one["id"]) == later]
    assert left["state"] == "uncertain"


async def test_what_is_sent_again_is_what_the_filter_means(evening: Station) -> None:
    number = await make_uncertain(evening, "p02")
    [told] = [one for one in await evening.messages(person="p02") if int(one["id"]) == number]
    async with console_of(evening, "p01") as desk:
        other = "telegram" if told["channel"] == "sms" else "sms"
        for none in (f"channel={other}", "unit=BS02", "template=help", "lane=bulk"):
            assert "没有“不明”的" in await desk.sees(f"{PAGE}/resend?{none}"), none
        for some in (f"channel={told['channel']}", "unit=BS01", f"template={told['kind']}", "state=failed"):
            assert "有 1 条不知道收没收到" in await desk.sees(f"{PAGE}/resend?{some}"), some


async def test_the_list_goes_by_template_and_into_a_file_without_texts_and_numbers(evening: Station) -> None:
    told = await evening.messages()
    kind = str(told[0]["kind"])
    async with console_of(evening, "p01") as desk:
        page = part(await desk.sees(f"{PAGE}?template={kind}"), "h-messages", "said")
        shown = [int(number) for number in re.findall(r'<tr id="m-(\d+)"', page)]
        assert sorted(shown) == sorted(int(one["id"]) for one in told if one["kind"] == kind)
        file = html.unescape(re.findall(rf'href="({PAGE}\.csv[^"]*)"', page)[0])
        some = list(csv.reader(io.StringIO((await desk.sees(file)).lstrip("\ufeff"))))
        answer = await desk.get(f"{PAGE}.csv")
    assert [int(row[1]) for row in some[1:]] == shown
    rows = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert rows[0][:4] == ["时间", "编号", "人员编号", "姓名"]
    assert sorted(int(row[1]) for row in rows[1:]) == sorted(int(one["id"]) for one in told)
    assert {row[8] for row in rows[1:] if row[2] == "p12"} >= {"没发到"}
    assert not re.search(r"1[38]\d{9}|到岗", answer.text)


async def resent(browser: Browser, number: int, **kept: str) -> tuple[int, str | None]:
    answer = await browser.post(f"{PAGE}/{number}/resend", **kept)
    return answer.status_code, answer.headers.get("location")


@pytest.mark.parametrize("person", ["p02", "p11", "p14"])
async def test_who_oversees_nothing_is_shown_nothing(evening: Station, person: str) -> None:
    number = await make_uncertain(evening, "p02")
    async with console_of(evening, person) as browser:
        assert (await browser.get(PAGE)).status_code == 403
        assert (await resent(browser, number))[0] == 403
        assert PAGE not in await browser.sees("/console")


async def test_a_town_s_desk_sees_its_town_alone(evening: Station) -> None:
    station = evening.engine.parts.station
    now = station.now()
    async with station.db.write() as tx:
        await tx.grants.add(
            Grant(
                id=0,
                person=PersonId("p14"),
                unit=UnitCode("BS02"),
                rights=frozenset({Right.OVERSEE}),
                by=None,
                reason="r",
                since=now,
                until=now.replace(year=now.year + 1),
            )
        )
    async with console_of(evening, "p14") as browser:
        page = await browser.sees(PAGE)
        assert "周丽华" not in page
        assert "赵志强" not in page
        assert (await browser.get(f"{PAGE}?unit=BS01")).status_code == 403


async def test_a_code_that_lets_somebody_in_is_shown_to_nobody(evening: Station) -> None:
    async with console_of(evening, "p01") as desk:
        await desk.post("/console/sign-in", who="13800100011")
        await evening.advance(seconds=5)
        [told] = [one for one in await evening.messages(person="p11") if one["kind"] == SIGN_IN_CODE]
        async with evening.engine.parts.station.db.read() as tx:
            message = await tx.messages.get(MessageId(int(told["id"])))
        assert message is not None
        code = re.search(r"\d{6}", message.text)
        assert code is not None
        page = await desk.sees(PAGE)
    assert f'id="m-{told["id"]}"' in page
    assert code[0] not in page
    assert HIDDEN in page


async def test_in_english_too(evening: Station) -> None:
    async with console_of(evening, "p01") as desk:
        desk.client.cookies.set("notifier-language", "en")
        page = await desk.sees(PAGE)
    assert "The person opted out of SMS" in page
    assert "text START to our number" in page
