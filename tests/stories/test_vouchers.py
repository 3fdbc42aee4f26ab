"""A lost or changed Telegram account: whoever may vouch gives a code by word of mouth, and it links once."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from notifier.domain.ids import PersonId
from notifier.domain.vouchers import TRIES_PER_CHAT, TRIES_PER_VOUCHER, spaced
from notifier.engine.letters import Letter
from notifier.engine.linking.joining import OVER, forget_codes
from notifier.engine.linking.tokens import token_hash
from notifier.store.database import Database
from notifier.store.rows import MessageFilter
from notifier.store.tables import timers
from tests.stories.intake_desk import BOT, IntakeDesk, open_intake

NEW = 555
"""A chat that nobody knows."""


@pytest.fixture
async def desk(database: Database) -> IntakeDesk:
    """A quiet morning: p11 is 岐元村's secretary, p12 (SMS only) his deputy, p02 the village's liaison."""
    return await open_intake(database, "11-23 07:00")


async def code_for(desk: IntakeDesk, name: str, by: str = "p11") -> str:
    """The code that somebody gets to hand over."""
    assert await desk.chat(by, f"补发 {name}") == ["voucher_given"]
    found = re.search(r"\d{4} \d{4}", (await desk.last(by, "voucher_given")).text)
    assert found is not None
    return found[0].replace(" ", "")


async def chats(desk: IntakeDesk, person: str) -> list[tuple[str, str]]:
    async with desk.db.read() as tx:
        return await tx.contacts.chats(PersonId(person))


async def reasons(desk: IntakeDesk, event: str) -> list[tuple[str | None, str | None]]:
    return [(line.person, line.reason) for line in await desk.journal() if line.event == event]


def other_than(code: str) -> str:
    """A code of the same voucher with a wrong secret."""
    return f"{code[:3]}{(int(code[3:]) + 1) % 100_000:05}"


# ── linking ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_code_links_the_new_chat_in_place_of_the_old(desk: IntakeDesk) -> None:
    assert await desk.chat(NEW, "/start") == ["not_linked"]
    code = await code_for(desk, "吴永明")
    assert sorted(await desk.chat(NEW, code)) == ["chat_replaced", "linked", "voucher_used_told"]
    assert await chats(desk, "p13") == [(BOT, str(NEW))]
    assert (await desk.last("p13", "chat_replaced")).address == "100013"
    assert (await desk.last("p13", "linked")).address == str(NEW)
    assert "吴永明" in (await desk.last("p11", "voucher_used_told")).text
    assert await desk.chat(100013, "收到") == ["not_linked"]
    assert await desk.chat(NEW, "帮助") == ["help"]
    assert await reasons(desk, "voucher_given") == [("p13", "by p11")]
    assert await reasons(desk, "linked") == [("p13", "vouched for by p11")]
    assert code not in str(await desk.journal())


@pytest.mark.parametrize("written", ["/start {}", "登记码 {}"])
async def test_it_may_be_typed_in_other_ways(desk: IntakeDesk, written: str) -> None:
    code = await code_for(desk, "郑秀英")
    assert sorted(await desk.chat(NEW, written.format(code))) == ["linked", "voucher_used_told"]
    assert await chats(desk, "p14") == [(BOT, str(NEW))]


async def test_a_code_works_once_for_a_day_and_the_last_one_only(desk: IntakeDesk) -> None:
    first = await code_for(desk, "郑秀英")
    second = await code_for(desk, "郑秀英")
    assert await desk.chat(NEW, first) == ["link_refused"]
    assert "linked" in await desk.chat(NEW, second)
    assert await desk.chat(NEW + 1, second) == ["link_refused"]
    third = await code_for(desk, "孙小军")
    desk.clock.set(desk.clock.now() + timedelta(hours=24))
    assert await desk.chat(NEW + 2, third) == ["link_refused"]


async def test_no_text_keeps_a_code_that_works_no_more(desk: IntakeDesk) -> None:
    used, left = await code_for(desk, "吴永明"), await code_for(desk, "郑秀英")
    await desk.chat(NEW, used)
    assert await codes_kept(desk, "p11") == [spaced(left)]
    day = timedelta(hours=24)
    async with desk.db.write() as tx:
        await forget_codes(tx, "p11", desk.clock.now() + day - timedelta(seconds=1))
    assert await codes_kept(desk, "p11") == [spaced(left)], "it works still"
    async with desk.db.write() as tx:
        await forget_codes(tx, "p11", desk.clock.now() + day)
    assert await codes_kept(desk, "p11") == []
    async with desk.db.read() as tx:
        due = [
            tuple(row)
            for row in await tx.conn.execute(
                select(timers.c.due_at, timers.c.subject).where(timers.c.kind == OVER)
            )
        ]
    assert due == [(desk.clock.now() + day, "p11")] * 2, "one for each code"


async def codes_kept(desk: IntakeDesk, person: str) -> list[str]:
    """The codes that stand in texts and values of what somebody was told."""
    async with desk.db.read() as tx:
        told = await tx.messages.listing(MessageFilter(person=PersonId(person)))
    codes = [re.findall(r"\d{4} \d{4}", f"{one.text} {one.values}") for one in told]
    return sorted({code for found in codes for code in found})


async def test_what_lies_about_with_his_name_links_no_more(desk: IntakeDesk) -> None:
    async with desk.db.write() as tx:
        now = desk.clock.now()
        items = [(token_hash("sheet"), PersonId("p13"))]
        await tx.contacts.issue_tokens(items, now, now + timedelta(days=14))
    await desk.chat(NEW, await code_for(desk, "吴永明"))
    assert await desk.chat(NEW + 1, "/start sheet") == ["link_refused"]


async def test_what_waits_for_the_old_chat_goes_to_the_new_one(desk: IntakeDesk) -> None:
    code = await code_for(desk, "吴永明")
    values = {"unit": "岐元村", "town": None}
    async with desk.db.write() as tx:
        waiting = Letter(key="w", person=PersonId("p13"), template="welcome", values=values)
        await desk.parts.letters.post(tx, [waiting], desk.clock.now())
    await desk.chat(NEW, code)
    assert (await desk.last("p13", "welcome")).address == str(NEW)


async def test_somebody_elses_chat_that_is_taken_over_is_told_as_lost(desk: IntakeDesk) -> None:
    """The duty phone is handed on, its Telegram account with it."""
    code = await code_for(desk, "郑秀英")
    told = await desk.chat("p13", code)
    assert "contact_lost_told" in told
    assert await chats(desk, "p13") == []
    assert await chats(desk, "p14") == [(BOT, "100013")]
    assert "unlinked" in await desk.events("p13")


# ── guessing ─────────────────────────────────────────────────────────────────────────────────────


async def test_a_chat_has_few_tries_and_hears_the_same_whatever_was_wrong(desk: IntakeDesk) -> None:
    code = await code_for(desk, "郑秀英")
    wrong = [f"{number:08}" for number in range(11, 11 + TRIES_PER_CHAT)]
    assert [await desk.chat(NEW, guess) for guess in wrong] == [["link_refused"]] * TRIES_PER_CHAT
    assert await desk.chat(NEW, code) == []
    assert await chats(desk, "p14") == []
    assert "linked" in await desk.chat(NEW + 1, code)


async def test_a_code_bears_few_wrong_tries_from_however_many_chats(desk: IntakeDesk) -> None:
    code = await code_for(desk, "郑秀英")
    for chat in range(TRIES_PER_VOUCHER):
        assert await desk.chat(NEW + chat, other_than(code)) == ["link_refused"]
    assert await desk.chat(NEW + 99, code) == ["link_refused"]


async def test_eight_figures_from_somebody_known_are_words_like_any(desk: IntakeDesk) -> None:
    assert await desk.chat("p13", "61880011") == ["nothing_open"]


async def test_no_code_works_by_sms(desk: IntakeDesk) -> None:
    code = await code_for(desk, "郑秀英")
    assert await desk.sms("+8613911111111", code) == ["stranger"]
    assert "linked" in await desk.chat(NEW, code)


# ── who may vouch, and for whom ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("by", ["p01", "p02", "p11"])
async def test_the_secretary_the_liaison_and_those_above_vouch(desk: IntakeDesk, by: str) -> None:
    assert len(await code_for(desk, "周丽华", by=by)) == 8


@pytest.mark.parametrize(
    ("by", "name"),
    [
        ("p11", "钱国华"),  # another village's
        ("p11", "陈晓燕"),  # the town's
        ("p13", "郑秀英"),  # a committee member, absent
        ("p22", "钱国华"),  # no office at all
        ("p11", "赵志强"),  # himself
        ("p11", "查无此人"),
    ],
)
async def test_for_others_nothing_is_given_and_nothing_is_told(desk: IntakeDesk, by: str, name: str) -> None:
    assert await desk.chat(by, f"补发 {name}") == ["voucher_unknown"]
    assert await reasons(desk, "voucher_given") == []


async def test_nobody_vouches_for_who_may_do_more_than_he(desk: IntakeDesk) -> None:
    async with desk.db.write() as tx:
        # The secretary's own neighbour is at the city's desk: codes to sign in go to that chat.
        await tx.conn.exec_driver_sql("UPDATE offices SET person = 'p14' WHERE unit = 'YQ'")
    assert await desk.chat("p11", "补发 郑秀英") == ["voucher_unknown"]
    assert await desk.chat("p11", "补发 周丽华") == ["voucher_given"]


async def test_who_stands_in_for_the_secretary_vouches(desk: IntakeDesk) -> None:
    async with desk.db.write() as tx:
        await tx.contacts.link(PersonId("p12"), BOT, "100012", desk.clock.now())
    assert await desk.chat(100012, "补发 郑秀英") == ["voucher_unknown"]
    async with desk.db.write() as tx:
        for channel, account, address in (("telegram", BOT, "100011"), ("sms", "", "+8613800100011")):
            await tx.contacts.mark(channel, account, address, "blocked", None, desk.clock.now())  # type: ignore[arg-type]
    assert await desk.chat(100012, "补发 郑秀英") == ["voucher_given"]


async def test_of_two_of_a_name_it_is_asked_which(desk: IntakeDesk) -> None:
    async with desk.db.write() as tx:
        await tx.conn.exec_driver_sql("UPDATE people SET name = '郑秀英' WHERE id = 'p15'")
    assert await desk.chat("p11", "补发 郑秀英") == ["voucher_which"]
    text = (await desk.last("p11", "voucher_which")).text
    assert "补发 郑秀英 p15" in text
    await desk.chat("p11", "补发 郑秀英 p15")
    assert await reasons(desk, "voucher_given") == [("p15", "by p11")]


async def test_an_sms_vouches_for_nobody(desk: IntakeDesk) -> None:
    assert await desk.sms("p11", "补发 郑秀英") == ["voucher_by_telegram"]
    assert await reasons(desk, "voucher_given") == []


async def test_without_a_name_it_is_said_how(desk: IntakeDesk) -> None:
    assert await desk.chat("p11", "补发") == ["voucher_how"]


async def test_a_newcomer_hears_how_to_get_in_and_nothing_of_anybody(desk: IntakeDesk) -> None:
    for chat, words in ((601, "我是郑秀英"), (602, "我是查无此人"), (603, "I am Zheng"), (604, "/start")):
        assert await desk.chat(chat, words) == ["not_linked"]
    texts = {m.text for m in await desk.messages() if m.template == "not_linked"}
    assert len(texts) == 1
    assert "补发" in texts.pop()
