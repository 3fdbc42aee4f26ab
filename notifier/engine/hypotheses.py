"""Gaps that might be: for each kind of case what it would be about in a unit, as things stand there."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from notifier.domain import sheet as rules
from notifier.domain.chain import verifier_for
from notifier.domain.ids import PersonId, UnitCode
from notifier.domain.policy import Checklist, Kind, Settings
from notifier.domain.roster import Lineage, Post, Shift
from notifier.domain.sheet import Sheet, SheetState
from notifier.domain.times import iso_utc
from notifier.engine.case_letters import local_phone
from notifier.engine.parts import Parts
from notifier.engine.shifts import shift_values
from notifier.engine.subjects import RELAY, SHEET, SHIFT, UNSIGNED, VERIFY, Subject
from notifier.errors import InputError
from notifier.store.tx import Tx

CHECKPOINT = "checkpoint"

USUAL_SHIFT = timedelta(hours=12)
"""How long a shift is taken to be where none is planned."""

NEAR = timedelta(days=2)
"""Within this time of the gap a planned shift says who would be rostered."""

_TITLE = {"zh": "示例", "en": "Example"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """What is supposed: a gap of some kind in that unit, opened at that time."""

    parts: Parts
    tx: Tx
    unit: UnitCode
    settings: Settings
    at: datetime


async def suppose(
    parts: Parts, tx: Tx, unit: UnitCode, kind: Kind, settings: Settings, at: datetime
) -> Subject:
    """What such a case would be about. Raises InputError where the unit cannot have one."""
    asked = _Question(parts=parts, tx=tx, unit=unit, settings=settings, at=at)
    return await _KINDS[kind](asked)


async def _unstaffed(asked: _Question) -> Subject:
    policy = asked.settings.policy(Kind.UNSTAFFED)
    post = await _post(asked)
    shift = await shift_near(asked.tx, post, asked.at)
    if shift is None or not shift.start <= asked.at < shift.end:
        start = asked.at - policy.grace
        people = shift.people if shift else ()
        shift = Shift(post=post.code, start=start, end=start + USUAL_SHIFT, people=people)
    known = await asked.tx.roster.people(shift.people)
    absent = known.get(shift.people[0]) if shift.people else None
    return Subject(
        kind=Kind.UNSTAFFED,
        key=shift.key,
        unit=asked.unit,
        topic=SHIFT,
        topic_of_others=SHIFT,
        rostered=shift.people,
        shift=shift.key,
        values={
            **shift_values(shift, post, policy),
            "missing": post.headcount,
            "absent_name": absent.name if absent else None,
            "absent_phone": local_phone(absent.phone) if absent else None,
            "absent_count": len(shift.people),
        },
        reason=f"0 of {post.headcount} on post",
    )


async def _post(asked: _Question) -> Post:
    posts = await asked.tx.roster.posts_of(asked.unit)
    if not posts:
        raise InputError(f"unit {asked.unit} keeps no post, so none can be unstaffed; see posts.csv")
    return next((post for post in posts if post.kind == CHECKPOINT), posts[0])


async def shift_near(tx: Tx, post: Post, at: datetime) -> Shift | None:
    """The post's shift that runs at ``at``, else the next, else the last within two days; None: neither."""
    near = await tx.shifts.at_post(post.code, at - NEAR, at + NEAR)
    return min(near, key=lambda shift: _distance(shift, at), default=None)


def _distance(shift: Shift, at: datetime) -> tuple[int, timedelta]:
    if shift.start <= at < shift.end:
        return 0, timedelta()
    return (1, shift.start - at) if shift.start > at else (2, at - shift.end)


async def _unsigned(asked: _Question) -> Subject:
    sheet = await _sheet(asked)
    return Subject(
        kind=Kind.UNSIGNED,
        key=sheet.key,
        unit=asked.unit,
        topic=SHEET,
        topic_of_others=UNSIGNED,
        rostered=(sheet.signer,),
        values=await _sheet_values(asked, sheet),
        reason="not signed",
    )


async def _unverified(asked: _Question) -> Subject:
    unsigned = await _sheet(asked)
    checklist = asked.settings.checklist(unsigned.checklist)
    verifier = verifier_for(
        checklist.verified_by, await _lineage(asked, unsigned.signer), unsigned.signer, asked.at
    )
    signed_at = asked.at - checklist.verify_within
    sheet = replace(unsigned, state=SheetState.SIGNED, signed_at=signed_at, verifier=verifier)
    return Subject(
        kind=Kind.UNVERIFIED,
        key=sheet.key,
        unit=asked.unit,
        topic=VERIFY,
        topic_of_others=VERIFY,
        excluded=frozenset({sheet.signer}),
        values=await _sheet_values(asked, sheet),
        reason="not verified",
    )


async def _sheet(asked: _Question) -> Sheet:
    """The first list of the settings, owed by the first who would owe it."""
    if not asked.settings.checklists:
        raise InputError("no list is set up, so none can be open; add one to checklists.yaml")
    checklist = asked.settings.checklists[0]
    signer = await _signer(asked, checklist)
    day = asked.at.astimezone(asked.parts.station.zone).date()
    return Sheet(
        key=rules.sheet_key(checklist.id, rules.about_day(asked.unit, day), signer),
        checklist=checklist.id,
        unit=asked.unit,
        signer=signer,
        asked_at=asked.at - checklist.grace,
        due_at=asked.at - checklist.grace,
        settings_version=asked.settings.version,
    )


async def _signer(asked: _Question, checklist: Checklist) -> PersonId:
    shifts = [
        await shift_near(asked.tx, post, asked.at) for post in await asked.tx.roster.posts_of(asked.unit)
    ]
    on_post = [person for shift in shifts if shift for person in shift.people]
    owing = rules.signers(checklist, await _lineage(asked, *on_post), asked.at, on_post)
    if not owing:
        raise InputError(
            f"nobody of unit {asked.unit} would owe the list {checklist.id!r}; see its signed_by"
        )
    return owing[0]


async def _sheet_values(asked: _Question, sheet: Sheet) -> Mapping[str, object]:
    return await asked.parts.sheets.letters.values(asked.tx, sheet, asked.parts.station.locale)


async def _unrelayed(asked: _Question) -> Subject:
    members = await asked.tx.roster.members(asked.unit)
    title = _TITLE[asked.parts.station.locale]
    return Subject(
        kind=Kind.UNRELAYED,
        key=f"0:{asked.unit}",
        unit=asked.unit,
        topic=RELAY,
        topic_of_others=RELAY,
        values={
            "title": title,
            "body": title,
            "broadcast": 0,
            "members": len(members),
            "relayed": None,
            "reply_by": iso_utc(asked.at),
        },
        reason="no answer known by the deadline",
    )


async def _lineage(asked: _Question, *also: PersonId) -> Lineage:
    return await asked.parts.station.lineage(asked.tx, asked.unit, asked.at, also=also)


_KINDS: Mapping[Kind, Callable[[_Question], Awaitable[Subject]]] = {
    Kind.UNSTAFFED: _unstaffed,
    Kind.UNSIGNED: _unsigned,
    Kind.UNVERIFIED: _unverified,
    Kind.UNRELAYED: _unrelayed,
}
