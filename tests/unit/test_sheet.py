"""A responsibility list from being asked for to being verified."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from notifier.domain.ids import PersonId, PostCode, UnitCode
from notifier.domain.policy import Checklist, Due, Signers
from notifier.domain.roster import ChannelName, Contact, Lineage, Office, Shift, Unit, UnitKind
from notifier.domain.sheet import (
    Refusal,
    Sheet,
    SheetState,
    Terms,
    about_day,
    due_for_shift,
    due_on_day,
    send_back,
    sheet_key,
    sign,
    sign_for,
    signers,
    toggle,
    undo_return,
    undo_signature,
    undo_verification,
    unsigned_at,
    unverified_at,
    verify,
)
from notifier.domain.times import QuietHours

SHANGHAI = ZoneInfo("Asia/Shanghai")
DUE = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ANN, BOB = PersonId("ann"), PersonId("bob")
TERMS = Terms(grace=15 * MINUTE, verify_within=120 * MINUTE)
SHEET = Sheet(
    key=sheet_key("rigid-8", "BS01 2026-11-23", ANN),
    checklist="rigid-8",
    unit=UnitCode("BS01"),
    signer=ANN,
    asked_at=DUE - 60 * MINUTE,
    due_at=DUE,
)
CHECKLIST = Checklist(
    id="rigid-8",
    title={},
    items=(),
    signers=Signers.ON_DUTY,
    office=None,
    due=Due(daily=None, offset=30 * MINUTE),
    grace=15 * MINUTE,
    verified_by="secretary",
    verify_within=120 * MINUTE,
)


def became(result: Sheet | Refusal) -> Sheet:
    assert isinstance(result, Sheet)
    return result


SIGNED = became(sign(SHEET, ANN, [5, 3, 3], 8, DUE, TERMS))


def test_keys_and_times() -> None:
    assert SHEET.key == "rigid-8|BS01 2026-11-23|ann"
    assert about_day(UnitCode("BS01"), date(2026, 11, 23)) == "BS01 2026-11-23"
    shift = Shift(post=PostCode("G1"), start=DUE - 240 * MINUTE, end=DUE)
    assert due_for_shift(CHECKLIST, shift) == DUE + 30 * MINUTE
    daily = replace(CHECKLIST, due=Due(daily=time(20)))
    assert due_on_day(daily, date(2026, 11, 23), SHANGHAI) == DUE
    with pytest.raises(ValueError, match="shift end"):
        due_on_day(CHECKLIST, date(2026, 11, 23), SHANGHAI)


def test_who_must_sign() -> None:
    unit = Unit(code=UnitCode("BS01"), name="岐元村", kind=UnitKind.VILLAGE, parent=None)
    seats = tuple(
        Office(unit=unit.code, title=title, rank=rank, person=PersonId(person))
        for title, rank, person in [("secretary", 1, "ann"), ("committee", 2, "bob")]
    )
    reach = {BOB: (Contact(channel=ChannelName.SMS, account="", address="+86"),)}
    lineage = Lineage(units=(unit,), offices=seats, contacts=reach)
    assert signers(CHECKLIST, lineage, DUE, [BOB, ANN, BOB]) == (BOB, ANN)
    assert signers(replace(CHECKLIST, signers=Signers.UNIT), lineage, DUE) == (BOB,)
    office = replace(CHECKLIST, signers=Signers.OFFICE, office="secretary")
    assert signers(office, lineage, DUE) == (ANN,)
    assert signers(replace(CHECKLIST, signers=Signers.UNIT), replace(lineage, contacts={}), DUE) == ()


def test_signing_with_exceptions() -> None:
    assert (SIGNED.state, SIGNED.exceptions, SIGNED.late) == (SheetState.SIGNED, (3, 5), False)
    assert became(sign(SHEET, ANN, [], 8, DUE + MINUTE, TERMS)).late
    assert sign(SHEET, BOB, [], 8, DUE, TERMS) is Refusal.NOT_SIGNER
    assert sign(SIGNED, ANN, [], 8, DUE, TERMS) is Refusal.ALREADY_SIGNED
    assert sign(SHEET, ANN, [9], 8, DUE, TERMS) is Refusal.NO_SUCH_ITEM


def test_signing_for_somebody_else() -> None:
    def by(proxy: PersonId, sheet: Sheet = SHEET, verifier: PersonId | None = None) -> Sheet | Refusal:
        return sign_for(sheet, proxy, verifier, [3], 8, DUE, TERMS)

    signed = became(by(BOB))
    assert (signed.state, signed.signer, signed.exceptions) == (SheetState.SIGNED, ANN, (3,))
    assert by(ANN) is Refusal.OWN_SHEET
    assert by(BOB, verifier=BOB) is Refusal.TO_VERIFY
    assert by(BOB, SIGNED, verifier=BOB) is Refusal.ALREADY_SIGNED
    assert verify(signed, BOB, DUE, proxy=BOB) is Refusal.OWN_SHEET
    assert send_back(signed, BOB, "x", DUE, proxy=BOB) is Refusal.OWN_SHEET
    assert became(verify(signed, PersonId("cid"), DUE, proxy=BOB)).verifier == "cid"


def test_marks_before_signing() -> None:
    marked = became(toggle(became(toggle(SHEET, 5, 8)), 3, 8))
    assert marked.draft == (3, 5)
    assert became(toggle(marked, 5, 8)).draft == (3,)
    assert toggle(SHEET, 0, 8) is Refusal.NO_SUCH_ITEM
    assert toggle(SIGNED, 1, 8) is Refusal.ALREADY_SIGNED


def test_nobody_verifies_his_own_nor_what_is_not_signed() -> None:
    assert verify(SIGNED, ANN, DUE) is Refusal.OWN_SHEET
    assert send_back(SIGNED, ANN, "x", DUE) is Refusal.OWN_SHEET
    assert verify(SHEET, BOB, DUE) is Refusal.NOT_SIGNED
    done = became(verify(SIGNED, BOB, DUE + MINUTE))
    assert (done.state, done.verifier, done.verified_at) == (SheetState.VERIFIED, BOB, DUE + MINUTE)
    assert verify(done, BOB, DUE) is Refusal.ALREADY_VERIFIED
    assert send_back(done, BOB, "x", DUE) is Refusal.ALREADY_VERIFIED


def test_a_return_restarts_the_grace_and_keeps_the_reason() -> None:
    later = DUE + 60 * MINUTE
    assert send_back(SIGNED, BOB, "  ", later) is Refusal.NO_REASON
    back = became(send_back(SIGNED, BOB, " 第3项没照片 ", later))
    assert (back.state, back.return_reason, back.returns) == (SheetState.RETURNED, "第3项没照片", 1)
    assert unsigned_at(back, TERMS) == later + TERMS.grace
    assert unverified_at(back, TERMS) is None
    assert not became(sign(back, ANN, [], 8, later + 15 * MINUTE, TERMS)).late
    assert became(sign(back, ANN, [], 8, later + 16 * MINUTE, TERMS)).late


def test_deadlines() -> None:
    assert unsigned_at(SHEET, TERMS) == DUE + 15 * MINUTE
    assert unsigned_at(SIGNED, TERMS) is None
    assert unverified_at(SIGNED, TERMS) == DUE + 120 * MINUTE
    assert unverified_at(SHEET, TERMS) is None
    quiet = QuietHours(zone=SHANGHAI, spans=((time(20, 5), time(6)),))
    assert unsigned_at(SHEET, replace(TERMS, quiet=quiet)) == datetime(2026, 11, 24, 6, 10, tzinfo=SHANGHAI)


def test_each_answer_can_be_taken_back_by_who_gave_it() -> None:
    opened = became(undo_signature(SIGNED, ANN))
    assert (opened.state, opened.signed_at, opened.draft) == (SheetState.OPEN, None, (3, 5))
    assert undo_signature(SIGNED, BOB) is Refusal.NOT_SIGNER
    verified = became(verify(SIGNED, BOB, DUE))
    assert undo_signature(verified, ANN) is Refusal.NOTHING_TO_UNDO
    assert undo_verification(verified, ANN) is Refusal.NOTHING_TO_UNDO
    assert became(undo_verification(verified, BOB)).state is SheetState.SIGNED
    back = became(send_back(SIGNED, BOB, "x", DUE))
    again = became(undo_return(back, BOB))
    assert (again.state, again.returns, again.exceptions) == (SheetState.SIGNED, 0, (3, 5))
    assert undo_return(again, BOB) is Refusal.NOTHING_TO_UNDO
    signed_anew = became(sign(back, ANN, [], 8, DUE, TERMS))
    assert became(undo_signature(signed_anew, ANN)).state is SheetState.RETURNED
