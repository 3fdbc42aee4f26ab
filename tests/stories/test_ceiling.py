"""Not more than so many messages an hour to one person: the rest comes as one digest, and nothing is lost."""

from datetime import timedelta
from pathlib import Path

import pytest

from notifier.domain.ids import PersonId
from notifier.domain.message import Lane
from notifier.domain.policy import Kind
from notifier.engine.letters import Letter
from tests.stories.harness import ONE_POST, Station, duty_station
from tests.stories.test_broadcasts import commends, sends, shown

READER = "p11"
TEXTED = "p12"
"""Has no Telegram."""
TWELVE = 12


async def notes(
    station: Station,
    count: int,
    *,
    first: int = 0,
    kind: Kind = Kind.NOTICE,
    lane: Lane = Lane.DUTY,
    reader: str = READER,
) -> None:
    """So many notes to one person, one a minute."""
    letters = station.engine.parts.letters
    for n in range(first, first + count):
        letter = Letter(
            key=f"note:{n}",
            person=PersonId(reader),
            template="notice",
            values={"title": f"第{n}条", "body": f"这是第{n}条。", "sender_name": None, "unit": "岐元村"},
            kind=kind,
            lane=lane,
        )
        async with station.engine.parts.station.db.write() as tx:
            await letters.post(tx, [letter], station.clock.now())
        await station.advance(minutes=1)


async def states(station: Station, reader: str = READER) -> list[str]:
    """How the notes stand, in order; the digest is none."""
    return [m["state"] for m in await station.messages(person=reader) if m["kind"] == "notice"]


async def test_what_is_too_many_comes_as_one_digest_when_the_hour_is_over(either_station: Station) -> None:
    station = either_station
    await station.until_civil("10:00")
    station.reads_all()
    await notes(station, 17)
    assert len(station.phone(READER).unread) == TWELVE
    assert await states(station) == ["sent"] * TWELVE + ["queued"] * 5
    await station.until_civil("10:59")
    assert len(station.phone(READER).unread) == TWELVE
    await station.until_civil("11:01")
    digest = station.phone(READER).expects("此前一小时还有5条")
    assert all(f"这是第{n}条" in digest.text for n in range(12, 17))
    assert await states(station) == ["sent"] * 17
    # A tap, or an answer, would be needed for more: on Telegram nothing else falls back.
    await station.until_civil("13:00")
    assert station.phone(READER).count("这是第14条") == 1


async def test_twelve_an_hour_are_nobodys_digest(station: Station) -> None:
    await station.until_civil("10:00")
    station.reads_all()
    for hour in range(3):
        await notes(station, TWELVE, first=hour * TWELVE)
        await station.advance(minutes=60 - TWELVE)
    assert len(station.phone(READER).unread) == 3 * TWELVE
    station.phone(READER).never_got("此前一小时")


async def test_calls_and_answers_are_never_held_back(station: Station) -> None:
    await station.until_civil("20:00")
    station.reads_all()
    await notes(station, 14)
    await station.until_civil("20:15")
    station.phone(READER).expects("缺1人")
    await station.phone(READER).replies("收到")
    station.phone(READER).expects("交给您了")


async def test_the_file_says_how_many(tmp_path: Path, sqlite_url: str) -> None:
    edits = {**ONE_POST, "calendar.yaml": {"holidays: CN": "ceiling: 3\nholidays: CN"}}
    async with duty_station(tmp_path, sqlite_url, edits=edits) as station:
        await station.until_civil("10:00")
        station.reads_all()
        await notes(station, 5)
        assert len(station.phone(READER).unread) == 3


async def test_one_alone_comes_as_it_is(station: Station) -> None:
    await station.until_civil("10:00")
    await notes(station, TWELVE + 1)
    await station.until_civil("11:01")
    assert station.phone(READER).expects("这是第12条").buttons == station.phone(READER).got("第3条").buttons
    station.phone(READER).never_got("此前一小时")


async def test_what_would_not_be_worth_sending_any_more_goes_early(station: Station) -> None:
    """A note about an empty post is worth half an hour."""
    await station.until_civil("10:00")
    await notes(station, TWELVE)
    await notes(station, 2, first=TWELVE, kind=Kind.UNSTAFFED)
    await station.until_civil("10:36")
    station.phone(READER).never_got("这是第12条")
    await station.until_civil("10:38")
    station.phone(READER).expects("此前一小时还有2条", "这是第12条", "这是第13条")


async def test_what_expired_while_nothing_ran_is_left_out_and_said_to_have(station: Station) -> None:
    await station.until_civil("10:00")
    await notes(station, TWELVE, reader=TEXTED)
    await notes(station, 1, first=TWELVE, kind=Kind.UNSTAFFED, reader=TEXTED)
    await notes(station, 2, first=TWELVE + 1, reader=TEXTED)
    await station.goes_down()
    station.clock.set(station.civil("11:30"))
    await station.goes_up()
    await station.settle()
    assert (await states(station, TEXTED))[TWELVE:] == ["expired", "delivered", "delivered"]
    digest = station.phone(TEXTED).expects("此前一小时还有2条")
    assert "这是第12条" not in digest.text


async def test_a_digest_that_cannot_go_by_one_channel_goes_by_the_other(station: Station) -> None:
    await station.until_civil("10:00")
    await notes(station, 15)
    station.phone(READER).blocks_unheard()
    await station.until_civil("13:00")
    by_text = [got.text for got in station.phone(READER).inbox if got.channel == "sms"]
    assert all(sum(f"这是第{n}条" in text for text in by_text) == 1 for n in range(12, 15))


async def test_a_restart_holds_back_what_was_held_back(station: Station) -> None:
    await station.until_civil("10:00")
    await notes(station, 15)
    await station.restarts(tidily=False)
    await station.until_civil("11:01")
    assert station.phone(READER).count("此前一小时还有3条") == 1


async def test_what_is_sent_by_hand_to_many_counts_and_is_not_held_back(station: Station) -> None:
    await sends(station, f"person:{READER}")
    await notes(station, TWELVE + 1)
    assert (await states(station)).count("queued") == 2
    again = await commends(station, f"person:{READER}")
    document = await shown(station, again)
    assert document["states"]["sent"] == document["expected"] == 1
    station.phone(READER).expects("通报表扬")


@pytest.mark.parametrize("lane", [Lane.ESCALATION, Lane.REPLY])
async def test_only_what_is_patient_is_counted(station: Station, lane: Lane) -> None:
    await station.until_civil("10:00")
    station.reads_all()
    await notes(station, 20, lane=lane)
    await notes(station, TWELVE, first=20)
    assert len(station.phone(READER).unread) == 20 + TWELVE
    assert station.clock.now() < station.civil("11:00") + timedelta(minutes=1)
