"""Coming in by a code or a link, and everything that must not work."""

import asyncio
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import event, select, update

from notifier.domain.message import Lane, MessageState
from notifier.domain.secrecy import HIDDEN
from notifier.engine.access.sign_in import OVER, PER_ADDRESS, SEND
from notifier.engine.broadcasts import SHELL
from notifier.engine.keeping import export_person
from notifier.engine.metrics import Metrics
from notifier.engine.reports import messages as report_messages
from notifier.engine.resending import resend_all, resend_one
from notifier.errors import InputError
from notifier.store.database import Database
from notifier.store.rows import JournalLine, MessageFilter, StoredMessage
from notifier.store.tables import messages, people, sessions, sign_ins
from tests.contract.console_client import Console
from tests.contract.store_city import ANN, DAN, FAN
from tests.contract.web_client import NOW, PUBLIC

DAN_PHONE = "13800000004"
FULL_WIDTH = {ord(str(digit)): 0xFF10 + digit for digit in range(10)}
COOKIE, TICKET = "__Host-notifier", "__Host-notifier-ticket"


@dataclass
class Desk:
    """A console, and the phones of those who sign in to it."""

    console: Console

    async def post(self, client: httpx.AsyncClient, path: str, **fields: str) -> httpx.Response:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
        return await client.post(path, content=urlencode(fields), headers=headers)

    async def ask(self, client: httpx.AsyncClient, who: str, **fields: str) -> httpx.Response:
        return await self.post(client, "/console/sign-in", who=who, **fields)

    async def enter(self, client: httpx.AsyncClient, code: str, **fields: str) -> httpx.Response:
        return await self.post(client, "/console/sign-in/code", code=code, **fields)

    async def turn(self, kind: str = SEND) -> None:
        """Do what the watch does with timers of that kind, due or not."""
        signing_in = self.console.parts.signing_in
        handler = {SEND: signing_in.send, OVER: signing_in.over}[kind]
        async with self.console.database.write() as tx:
            for timer in await tx.timers.due(NOW + timedelta(hours=1), Lane.REPLY, 100):
                if timer.kind == kind:
                    await tx.timers.finish([timer.id])
                    await handler(tx, timer.subject, NOW)

    async def letters(self) -> list[StoredMessage]:
        """What was written, oldest first."""
        async with self.console.database.read() as tx:
            return (await tx.messages.listing(MessageFilter()))[::-1]

    async def code(self) -> str:
        """The newest code that was sent."""
        await self.turn()
        text = (await self.letters())[-1].text
        found = re.match(r"\d{6}\b", text)
        assert found, text
        return found[0]

    async def link(self) -> str:
        """The newest link that was sent."""
        await self.turn()
        found = re.search(rf"{PUBLIC}(/console/in/\S+)", (await self.letters())[-1].text)
        assert found
        return found[1]


@pytest.fixture
async def desk(database: Database) -> Desk:
    return Desk(await Console.open(database))


async def test_a_code_lets_in_once_and_leads_where_one_was_going(desk: Desk) -> None:
    client = desk.console.guest()
    asked = await desk.ask(client, "dan", next="/console/units/V1")
    assert (asked.status_code, asked.headers["location"]) == (
        303,
        "/console/sign-in/code?next=/console/units/V1",
    )
    page = await client.get(asked.headers["location"])
    assert "登录码" in page.text
    code = await desk.code()
    entered = await desk.enter(client, code, next="/console/units/V1")
    assert (entered.status_code, entered.headers["location"]) == (303, "/console/units/V1")
    assert (await client.get("/console")).status_code == 200
    [line] = await _journal(desk)
    assert (line.event, line.person, line.channel, line.reason) == ("signed_in", DAN, "web", "code")
    other = desk.console.guest()
    other.cookies.set(TICKET, str(_cookie_of(asked, TICKET)))
    assert (await desk.enter(other, code)).status_code == 400


async def test_the_cookie_is_for_us_alone(desk: Desk) -> None:
    client = desk.console.guest()
    await desk.ask(client, "dan")
    entered = await desk.enter(client, await desk.code())
    [session] = [c for c in entered.headers.get_list("set-cookie") if c.startswith(f"{COOKIE}=")]
    parts = {part.strip().lower() for part in session.split(";")[1:]}
    assert parts == {"httponly", "path=/", "samesite=lax", "secure"}
    token = client.cookies[COOKIE]
    async with desk.console.database.read() as tx:
        [stored] = list(await tx.conn.scalars(select(sessions.c.token_hash)))
    assert token not in stored


@pytest.mark.parametrize(
    "typed", ["dan", " dan ", DAN_PHONE, "+86 138-0000-0004", DAN_PHONE.translate(FULL_WIDTH)]
)
async def test_one_is_known_by_id_or_phone_in_any_usual_form(desk: Desk, typed: str) -> None:
    client = desk.console.guest()
    await desk.ask(client, typed)
    await desk.turn()
    assert [letter.person for letter in await desk.letters()] == [DAN]


@pytest.mark.parametrize(
    "typed", ["nobody", "13800000001", "13999999999", "fan", "人dan", "0", "'; --", "x\0", "\x00", "%"]
)
async def test_the_answer_is_the_same_whoever_is_named(desk: Desk, typed: str) -> None:
    """Unknown, shared by two, or without any contact: none of it shows."""
    known, unknown = desk.console.guest(), desk.console.guest()
    first, second = await desk.ask(known, "dan"), await desk.ask(unknown, typed)
    assert _shape(first) == _shape(second)
    await desk.turn()
    assert [letter.person for letter in await desk.letters()] == [DAN]
    pages = [(await client.get("/console/sign-in/code")).text for client in (known, unknown)]
    assert pages[0] == pages[1]
    tries = [await desk.enter(client, "000000x") for client in (known, unknown)]
    assert (tries[0].status_code, tries[0].text) == (tries[1].status_code, tries[1].text)


async def test_the_work_is_the_same_whoever_is_named(desk: Desk) -> None:
    """The statements that an asking makes, in order, with nothing of what they are about."""
    made: list[str] = []
    engine = desk.console.database._writer.sync_engine

    def listen(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        made.append(statement)

    event.listen(engine, "before_cursor_execute", listen)
    told = []
    for who in ("dan", "nobody", DAN_PHONE, "13999999999"):
        made.clear()
        await desk.ask(desk.console.guest(), who)
        told.append(tuple(made))
    assert len(told[0]) > 3
    assert len(set(told)) == 1


async def test_each_step_is_counted_and_nothing_of_whom(desk: Desk) -> None:
    metrics = Metrics()
    desk.console.parts.signing_in.when_counted(metrics.sign_in)
    client = desk.console.guest()
    for who in ("dan", "nobody", "fan"):
        await desk.ask(client, who)
    code = await desk.code()
    await desk.ask(client, "dan")
    code = await desk.code()
    await desk.enter(client, "wrong")
    await desk.enter(desk.console.guest(), code)
    assert (await desk.enter(client, code)).status_code == 303
    for _ in range(PER_ADDRESS):
        last = await desk.ask(desk.console.guest(), "nobody")
    assert last.status_code == 429
    told = {
        sample.labels["outcome"]: sample.value
        for metric in metrics.sign_ins.collect()
        for sample in metric.samples
        if sample.name.endswith("_total")
    }
    assert told == {
        "asked": PER_ADDRESS + 1,
        "code_sent": 2,
        "code_not_sent": 2,
        "refused": 2,
        "signed_in": 1,
        "too_many": 3,
    }


async def test_five_wrong_codes_and_a_new_one_is_needed(desk: Desk) -> None:
    client = desk.console.guest()
    await desk.ask(client, "dan")
    code = await desk.code()
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for _ in range(5):
        refused = await desk.enter(client, wrong)
        assert refused.status_code == 400
        assert "登录码不对" in refused.text
    assert (await desk.enter(client, code)).status_code == 400
    await desk.ask(client, "dan")
    assert (await desk.enter(client, await desk.code())).status_code == 303


async def test_five_minutes_and_a_new_one_is_needed(desk: Desk) -> None:
    client = desk.console.guest()
    await desk.ask(client, "dan")
    code = await desk.code()
    await _age(desk, timedelta(minutes=5, seconds=1))
    assert (await desk.enter(client, code)).status_code == 400


async def test_a_code_is_good_only_in_the_browser_that_asked(desk: Desk) -> None:
    mine, strangers = desk.console.guest(), desk.console.guest()
    await desk.ask(mine, "dan")
    code = await desk.code()
    await desk.ask(strangers, "nobody")
    assert (await desk.enter(strangers, code)).status_code == 400
    assert (await desk.enter(desk.console.guest(), code)).status_code == 400
    assert (await desk.enter(mine, f" {code[:3]} {code[3:]} ")).status_code == 303


async def test_two_answers_at_once_let_in_one(desk: Desk) -> None:
    client = desk.console.guest()
    await desk.ask(client, "dan")
    code, ticket = await desk.code(), client.cookies[TICKET]
    browsers = [desk.console.guest() for _ in range(4)]
    for browser in browsers:
        browser.cookies.set(TICKET, ticket)
    answers = await asyncio.gather(*(desk.enter(browser, code) for browser in browsers))
    assert sorted(answer.status_code for answer in answers) == [303, 400, 400, 400]


# ── how often ──


async def test_three_codes_for_one_person_and_no_more(desk: Desk) -> None:
    answers = [await desk.ask(desk.console.guest(), who) for who in ("dan", DAN_PHONE, "dan", "dan", "dan")]
    assert len({_shape(answer) for answer in answers}) == 1
    await desk.turn()
    assert len(await desk.letters()) == 3
    await _age(desk, timedelta(minutes=16))
    await desk.ask(desk.console.guest(), "dan")
    await desk.turn()
    assert len(await desk.letters()) == 4


async def test_codes_that_let_in_are_not_counted(desk: Desk) -> None:
    for _ in range(PER_ADDRESS + 1):
        client = desk.console.guest()
        await desk.ask(client, "dan")
        assert (await desk.enter(client, await desk.code())).status_code == 303


async def test_asking_at_once_gets_no_more_than_three(desk: Desk) -> None:
    await asyncio.gather(*(desk.ask(desk.console.guest(), "dan") for _ in range(8)))
    await desk.turn()
    assert len(await desk.letters()) == 3


async def test_an_address_that_asks_too_often_is_told_so(desk: Desk) -> None:
    client = desk.console.guest()
    for number in range(PER_ADDRESS):
        assert (await desk.ask(client, f"x{number}")).status_code == 303
    refused = await desk.ask(client, "dan")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "900")
    await desk.turn()
    assert await desk.letters() == []
    # Who comes through the proxy from elsewhere is somebody else.
    headers = {"X-Forwarded-For": "198.51.100.7, 203.0.113.9"}
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    let_through = await client.post("/console/sign-in", content="who=dan", headers=headers)
    assert let_through.status_code == 303


# ── the link ──


async def test_a_link_waits_for_the_button(desk: Desk) -> None:
    await desk.ask(desk.console.guest(), "dan")
    link = await desk.link()
    phone = desk.console.guest()
    for _ in range(3):
        page = await phone.get(link)
        assert page.status_code == 200
        assert 'method="post"' in page.text
    entered = await desk.post(phone, link)
    assert (entered.status_code, entered.headers["location"]) == (303, "/console")
    assert (await phone.get("/console")).status_code == 200
    assert (await desk.post(desk.console.guest(), link)).status_code == 400


async def test_a_link_and_its_code_are_one(desk: Desk) -> None:
    client = desk.console.guest()
    await desk.ask(client, "dan")
    link = await desk.link()
    code = (await desk.letters())[-1].text[:6]
    assert (await desk.enter(client, code)).status_code == 303
    assert (await desk.post(desk.console.guest(), link)).status_code == 400


async def test_a_link_looks_the_same_whether_it_is_one(desk: Desk) -> None:
    await desk.ask(desk.console.guest(), "dan")
    link = await desk.link()
    guest = desk.console.guest()
    made_up = f"/console/in/{'x' * len(link.rpartition('/')[2])}"
    shown = [(await guest.get(path)).text.replace(path, "") for path in (link, made_up)]
    assert shown[0] == shown[1]


# ── what is kept of a code ──


async def test_a_code_is_shown_to_nobody_and_kept_by_nothing(desk: Desk) -> None:
    client = desk.console.guest()
    await desk.ask(client, "dan")
    code = await desk.code()
    [told] = await report_messages(desk.console.parts, MessageFilter())
    assert (told["text"], told["kind"]) == (HIDDEN, "sign_in_code")
    exported = await export_person(desk.console.parts.station, DAN)
    assert code not in json.dumps(exported, ensure_ascii=False, default=str)
    await desk.enter(client, code)
    [letter] = await desk.letters()
    assert (letter.text, letter.values, letter.state) == (HIDDEN, {}, MessageState.CANCELLED)
    async with desk.console.database.read() as tx:
        [row] = (await tx.conn.execute(select(sign_ins))).mappings()
    assert code not in str(dict(row))


async def test_a_code_that_nobody_used_goes_too(desk: Desk) -> None:
    await desk.ask(desk.console.guest(), "dan")
    await desk.code()
    await desk.turn(OVER)
    [letter] = await desk.letters()
    assert (letter.text, letter.values, letter.state) == (HIDDEN, {}, MessageState.CANCELLED)


async def test_a_code_is_never_sent_again(desk: Desk) -> None:
    await desk.ask(desk.console.guest(), "dan")
    await desk.code()
    async with desk.console.database.write() as tx:
        await tx.conn.execute(update(messages).values(state="uncertain"))
    await desk.turn(OVER)
    assert await resend_all(desk.console.parts, SHELL) == 0
    [letter] = await desk.letters()
    with pytest.raises(InputError, match="ask for a new one"):
        await resend_one(desk.console.parts, letter.id, SHELL)


async def test_a_code_is_an_answer_that_no_quiet_hour_keeps(desk: Desk) -> None:
    await desk.ask(desk.console.guest(), "dan")
    await desk.code()
    [letter] = await desk.letters()
    assert (letter.lane, letter.not_before, letter.edits) == (Lane.REPLY, NOW, None)


# ── sessions ──


async def test_who_is_in_is_not_asked_again(desk: Desk) -> None:
    dan = await desk.console.signed_in(DAN)
    led = await dan.get("/console/sign-in?next=/console/me")
    assert (led.status_code, led.headers["location"]) == (303, "/console/me")
    await _idle(desk, timedelta(hours=13))
    assert (await dan.get("/console/sign-in")).status_code == 200


async def test_idle_for_twelve_hours_is_over(desk: Desk) -> None:
    dan = await desk.console.signed_in(DAN)
    await _idle(desk, timedelta(hours=11, minutes=59))
    assert (await dan.get("/console")).status_code == 200
    await _idle(desk, timedelta(hours=12))
    assert (await dan.get("/console")).status_code == 303


async def test_use_is_written_down_now_and_then(desk: Desk) -> None:
    dan = await desk.console.signed_in(DAN)
    before = await _idle(desk, timedelta(minutes=6))
    await dan.get("/console")
    assert await _last_seen(desk) > before
    written = await _last_seen(desk)
    await dan.get("/console")
    assert await _last_seen(desk) == written


async def test_going_out_here_and_everywhere(desk: Desk) -> None:
    here, there = await desk.console.signed_in(DAN), await desk.console.signed_in(DAN)
    ann = await desk.console.signed_in(ANN)
    assert "tests" in (await here.get("/console/me")).text
    left = await here.post("/console/sign-out")
    assert (left.status_code, left.headers["location"]) == (303, "/console/sign-in")
    here.client.cookies.set(COOKIE, here.token)
    assert (await here.get("/console")).status_code == 303
    assert (await there.get("/console")).status_code == 200
    again = await desk.console.signed_in(DAN)
    await again.post("/console/me/sign-out-everywhere")
    assert (await there.get("/console")).status_code == 303
    assert (await ann.get("/console")).status_code == 200


async def test_who_leaves_the_roster_is_out(desk: Desk) -> None:
    dan = await desk.console.signed_in(DAN)
    client = desk.console.guest()
    await desk.ask(client, "dan")
    code = await desk.code()
    async with desk.console.database.write() as tx:
        await tx.conn.execute(update(people).where(people.c.id == DAN).values(removed_at=NOW))
    assert (await dan.get("/console")).status_code == 303
    assert (await desk.enter(client, code)).status_code == 400


async def test_a_new_session_at_each_sign_in(desk: Desk) -> None:
    client = desk.console.guest()
    client.cookies.set(COOKIE, "chosen-by-somebody-else")
    await desk.ask(client, "dan")
    entered = await desk.enter(client, await desk.code())
    assert _cookie_of(entered, COOKIE) != "chosen-by-somebody-else"


async def test_who_comes_in_anew_leaves_no_session_behind(desk: Desk) -> None:
    former = await desk.console.signed_in(DAN)
    client = desk.console.guest()
    client.cookies.set(COOKIE, former.token)
    await desk.ask(client, "dan")
    assert (await desk.enter(client, await desk.code())).status_code == 303
    assert (await former.get("/console")).status_code == 303


async def test_who_floods_us_writes_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    client = desk.console.guest()
    for number in range(PER_ADDRESS):
        await desk.ask(client, f"x{number}")
    client.cookies.clear()

    def write(_: Database) -> None:
        raise AssertionError("something was written")

    monkeypatch.setattr(Database, "write", write)
    assert (await desk.ask(client, "dan")).status_code == 429
    client.cookies.set(TICKET, "made-up")
    assert (await desk.enter(client, "123456")).status_code == 400
    assert (await desk.post(client, "/console/in/made-up")).status_code == 400


async def test_who_cannot_be_written_to_gets_nothing(desk: Desk) -> None:
    await desk.ask(desk.console.guest(), FAN)
    await desk.turn()
    assert await desk.letters() == []


# ── helpers ──


def _cookie_of(answer: httpx.Response, name: str) -> str | None:
    return answer.cookies.get(name)


def _shape(answer: httpx.Response) -> tuple[object, ...]:
    headers = {name: value for name, value in answer.headers.items() if name != "set-cookie"}
    cookies = [re.sub(r"=[^;]+", "=", cookie, count=1) for cookie in answer.headers.get_list("set-cookie")]
    return answer.status_code, answer.text, tuple(sorted(headers.items())), tuple(cookies)


async def _journal(desk: Desk) -> list[JournalLine]:
    async with desk.console.database.read() as tx:
        return list(await tx.journal.recent(10, events={"signed_in"}))


async def _age(desk: Desk, by: timedelta) -> None:
    async with desk.console.database.write() as tx:
        for row in (await tx.conn.execute(select(sign_ins))).mappings().all():
            older = {name: row[name] - by for name in ("asked_at", "expires_at")}
            await tx.conn.execute(update(sign_ins).where(sign_ins.c.id == row["id"]).values(older))


async def _idle(desk: Desk, since: timedelta) -> datetime:
    last_seen = datetime.now(UTC) - since
    async with desk.console.database.write() as tx:
        await tx.conn.execute(update(sessions).values(last_seen=last_seen))
    return last_seen


async def _last_seen(desk: Desk) -> datetime:
    async with desk.console.database.read() as tx:
        found: datetime | None = await tx.conn.scalar(select(sessions.c.last_seen))
    assert found is not None
    return found
