"""Every text that answers somebody has all its values, whatever its matter's state."""

from collections.abc import Sequence

import pytest

from notifier.domain.language.model import Utterance, Verb
from notifier.domain.message import Incoming, IncomingKind
from notifier.domain.policy import Kind
from notifier.domain.roster import ChannelName
from notifier.engine.broadcasts import Order
from notifier.engine.intake.facts import Facts
from notifier.engine.intake.visit import Visit
from notifier.store.database import Database
from notifier.store.tx import Tx
from tests.stories.intake_desk import BOT, IntakeDesk, open_intake

GIVEN = {"site", "name", "number"}
"""What every letter is given on its way."""

ANYWHERE = """
    help help_open list_open nothing_open info not_received which_matter number_or_quote forwarded_noted
    undone nothing_to_undo media stopped started wrong_number language_set need_noted danger stop_for_good
    someone_else_noted stale sign_for_how sign_for_whom sign_for_which sign_for_nothing sign_for_office
    sign_for_sender claim_which
"""
CASES = "held_by_other held_already held_before case_closed not_called declined handed_on taken"
SHIFTS = f"""
    {CASES} reminder_acked on_post off_post too_early too_late leave_noted eta_noted which_person proxied
    who_is_on_post taken_unstaffed who_has_it_rostered confirm_off not_here how_long sorted_ask claim_noted
    claim_confirmed_noted claim_refused_noted claim_whose
"""
LISTS = f"""
    {CASES} waiting hand_on_asked how_long sheet_signed how_to_sign sheet_already sign_all sign_except
    wont_sign_noted later_noted sheet_items signed_for
"""
VERIFYING = f"""
    {CASES} sheet_verified sheet_return_noted return_reason how_to_verify verify_or_return return_or_stop
    sheet_already sheet_items
"""
RELAYS = f"{CASES} relay_noted relay_flagged how_many more_than_members relay_already"


@pytest.fixture
async def desk(sqlite_database: Database) -> IntakeDesk:
    """Half past eight in the morning: a commendation on its way, a night's list unsigned, posts empty."""
    desk = await open_intake(sqlite_database, "11-23 19:35")
    await desk.chat("p22", "here")
    order = Order(
        kind=Kind.COMMENDATION,
        title="通报表扬",
        body="守卡认真",
        audience=("unit:BS02",),
        author=None,
        relay=True,
        reply_by=None,
        start_at=None,
    )
    await desk.parts.broadcasts.prepare(order, desk.clock.now(), lambda done: None)
    await desk.at("11-24 07:30")
    return desk


async def visit_of(desk: IntakeDesk, tx: Tx, person: str) -> Visit:
    found = await tx.roster.people([person])  # type: ignore[list-item]
    incoming = Incoming(channel=ChannelName.TELEGRAM, account=BOT, sender="1", kind=IncomingKind.TEXT)
    return Visit(
        tx=tx,
        item=1,
        incoming=incoming,
        now=desk.clock.now(),
        people=tuple(found.values()),
        said=Utterance(verb=Verb.UNKNOWN, text=""),
        words="",
    )


HELP = {"office_holder", "desk_officer"}
"""What the help is given where it is written, by who reads it."""


def lacking(desk: IntakeDesk, templates: Sequence[str], known: set[str]) -> dict[str, set[str]]:
    texts = desk.parts.station.texts
    found = {name: set(texts.needs(name)) - known - GIVEN - HELP - {"now"} for name in templates}
    optional = {"contact_name", "contact_phone", "bot_name"}
    return {name: missing - optional for name, missing in found.items() if missing - optional}


@pytest.mark.parametrize(
    ("person", "topic", "templates"),
    [
        ("p11", "shift", SHIFTS),
        ("p14", "shift", SHIFTS),
        ("p22", "shift", SHIFTS),
        ("p22", "sheet", LISTS),
        ("p21", "relay", RELAYS),
    ],
)
async def test_about_a_matter(desk: IntakeDesk, person: str, topic: str, templates: str) -> None:
    matter = await desk.matter(person, topic)
    async with desk.db.read() as tx:
        visit = await visit_of(desk, tx, person)
        values = await Facts(desk.parts).about(visit, matter, visit.sender)
    assert lacking(desk, [*templates.split(), *ANYWHERE.split()], set(values)) == {}


async def test_about_a_list_to_be_verified(desk: IntakeDesk) -> None:
    await desk.chat("p22", "sign")
    matter = await desk.matter("p21", "verify")
    async with desk.db.read() as tx:
        visit = await visit_of(desk, tx, "p21")
        values = await Facts(desk.parts).about(visit, matter, visit.sender)
    assert lacking(desk, VERIFYING.split(), set(values)) == {}


@pytest.mark.parametrize("person", ["p01", "p12", "p22"])
async def test_about_nothing(desk: IntakeDesk, person: str) -> None:
    async with desk.db.read() as tx:
        visit = await visit_of(desk, tx, person)
        values = await Facts(desk.parts).plain(visit, visit.sender)
    assert lacking(desk, ANYWHERE.split(), set(values)) == {}


async def test_about_what_is_gone(desk: IntakeDesk) -> None:
    matter = await desk.matter("p14")
    async with desk.db.write() as tx:
        await tx.conn.exec_driver_sql("UPDATE shifts SET cancelled_at = start")
    number = matter.number
    assert await desk.sms("p14", f"收到{number}") == ["stale"]
