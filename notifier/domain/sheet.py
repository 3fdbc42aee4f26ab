"""A sheet: one responsibility list that one person owes, from being asked for to being verified.

open -> signed -> verified, or signed -> returned -> signed again. Every rule takes a sheet and yields the
sheet as it has become, or a ``Refusal`` when nothing may change.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum

from notifier.domain.chain import holders_of, signer_for_unit
from notifier.domain.ids import PersonId, SheetKey, ShiftKey, UnitCode
from notifier.domain.policy import Checklist, Signers
from notifier.domain.roster import Lineage, Shift
from notifier.domain.times import QuietHours


class SheetState(StrEnum):
    """How a sheet stands."""

    OPEN = "open"
    SIGNED = "signed"
    VERIFIED = "verified"
    RETURNED = "returned"


class Refusal(StrEnum):
    """Why a sheet stays as it is."""

    NOT_SIGNER = "not_signer"
    ALREADY_SIGNED = "already_signed"
    NO_SUCH_ITEM = "no_such_item"
    OWN_SHEET = "own_sheet"
    NOT_SIGNED = "not_signed"
    ALREADY_VERIFIED = "already_verified"
    NO_REASON = "no_reason"
    NOTHING_TO_UNDO = "nothing_to_undo"
    TO_VERIFY = "to_verify"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One sheet. ``draft`` and ``exceptions`` are items, numbered from 1: marked so far, signed as not done.

    ``asked_at`` is when it was last asked for: at first, or by its return. ``verifier`` is who is asked to
    verify it while it is signed, then who verified or returned it. ``returns`` counts returns. A returned
    sheet keeps its signature and exceptions as what was returned.
    """

    key: SheetKey
    checklist: str
    unit: UnitCode
    signer: PersonId
    asked_at: datetime
    due_at: datetime
    shift: ShiftKey | None = None
    settings_version: int = 1
    state: SheetState = SheetState.OPEN
    draft: tuple[int, ...] = ()
    exceptions: tuple[int, ...] = ()
    signed_at: datetime | None = None
    late: bool = False
    verifier: PersonId | None = None
    verified_at: datetime | None = None
    return_reason: str | None = None
    returns: int = 0

    @property
    def wants_signature(self) -> bool:
        """Whether the signer owes it now."""
        return self.state in (SheetState.OPEN, SheetState.RETURNED)


# ── planning ─────────────────────────────────────────────────────────────────────────────────────


def sheet_key(checklist: str, about: str, signer: PersonId) -> SheetKey:
    """The natural key; ``about`` is a shift's key or ``about_day``."""
    return SheetKey(f"{checklist}|{about}|{signer}")


def about_day(unit: UnitCode, day: date) -> str:
    """What a daily sheet is about: a unit's civil day."""
    return f"{unit} {day.isoformat()}"


def due_for_shift(checklist: Checklist, shift: Shift) -> datetime:
    """When that shift's sheets fall due."""
    return shift.end + checklist.due.offset


def due_on_day(checklist: Checklist, day: date, zone: tzinfo) -> datetime:
    """When a daily list falls due on a civil day. Raises ValueError for a list due at shift end."""
    if checklist.due.daily is None:
        raise ValueError(f"{checklist.id} falls due at shift end, not daily")
    return datetime.combine(day, checklist.due.daily, zone) + checklist.due.offset


def signers(
    checklist: Checklist, lineage: Lineage, now: datetime, were_on_post: Sequence[PersonId] = ()
) -> tuple[PersonId, ...]:
    """Who owes that list: those who were on post, the office's holders, or one for the whole unit."""
    match checklist.signers:
        case Signers.ON_DUTY:
            return tuple(dict.fromkeys(were_on_post))
        case Signers.OFFICE:
            return tuple(dict.fromkeys(holders_of(checklist.office or "", lineage, now)))
        case Signers.UNIT:
            signer = signer_for_unit(lineage, now)
            return (signer,) if signer else ()


# ── deadlines ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How long a sheet may wait. ``quiet`` hours stop these clocks where the policy keeps them, else None."""

    grace: timedelta
    verify_within: timedelta
    quiet: QuietHours | None = None

    def after(self, moment: datetime, wait: timedelta) -> datetime:
        """``wait`` after ``moment``, the clock standing still in quiet hours that are kept."""
        return self.quiet.add_open(moment, wait) if self.quiet else moment + wait


def unsigned_at(sheet: Sheet, terms: Terms) -> datetime | None:
    """When it becomes an unsigned case: its grace after it fell due, or after it was returned.

    None while it is not the signer's turn.
    """
    if not sheet.wants_signature:
        return None
    return terms.after(max(sheet.due_at, sheet.asked_at), terms.grace)


def unverified_at(sheet: Sheet, terms: Terms) -> datetime | None:
    """When it becomes an unverified case; None while nobody owes it a verification."""
    if sheet.state is not SheetState.SIGNED or sheet.signed_at is None:
        return None
    return terms.after(sheet.signed_at, terms.verify_within)


# ── what people do with it ───────────────────────────────────────────────────────────────────────


def toggle(sheet: Sheet, item: int, items: int) -> Sheet | Refusal:
    """Marks an item as not done before signing, or takes the mark back. ``items`` is how many there are."""
    if not sheet.wants_signature:
        return Refusal.ALREADY_SIGNED
    if not 1 <= item <= items:
        return Refusal.NO_SUCH_ITEM
    return replace(sheet, draft=tuple(sorted(set(sheet.draft) ^ {item})))


def sign(
    sheet: Sheet, by: PersonId, exceptions: Collection[int], items: int, now: datetime, terms: Terms
) -> Sheet | Refusal:
    """The signer signs: all ``items`` done but the exceptions.

    Late when it is after due, or after a return's grace; once late it stays so.
    """
    if by != sheet.signer:
        return Refusal.NOT_SIGNER
    if not sheet.wants_signature:
        return Refusal.ALREADY_SIGNED
    if any(not 1 <= item <= items for item in exceptions):
        return Refusal.NO_SUCH_ITEM
    return replace(
        sheet,
        state=SheetState.SIGNED,
        draft=(),
        exceptions=tuple(sorted(set(exceptions))),
        signed_at=now,
        late=sheet.late or now > _in_time_until(sheet, terms),
    )


def sign_for(
    sheet: Sheet,
    by: PersonId,
    verifier: PersonId | None,
    exceptions: Collection[int],
    items: int,
    now: datetime,
    terms: Terms,
) -> Sheet | Refusal:
    """``by`` signs in the signer's name: never who is to verify that very sheet, nor the signer himself."""
    if by == sheet.signer:
        return Refusal.OWN_SHEET
    if not sheet.wants_signature:
        return Refusal.ALREADY_SIGNED
    if by == verifier:
        return Refusal.TO_VERIFY
    return sign(sheet, sheet.signer, exceptions, items, now, terms)


def _in_time_until(sheet: Sheet, terms: Terms) -> datetime:
    if sheet.state is SheetState.RETURNED:
        return max(sheet.due_at, terms.after(sheet.asked_at, terms.grace))
    return sheet.due_at


def verify(sheet: Sheet, by: PersonId, now: datetime, *, proxy: PersonId | None = None) -> Sheet | Refusal:
    """Somebody else confirms that the sheet is true. ``proxy`` signed it in the signer's name, if anybody."""
    if refusal := _not_to_be_judged(sheet, by, proxy):
        return refusal
    return replace(sheet, state=SheetState.VERIFIED, verifier=by, verified_at=now)


def send_back(
    sheet: Sheet, by: PersonId, reason: str, now: datetime, *, proxy: PersonId | None = None
) -> Sheet | Refusal:
    """Somebody else returns it with a reason: the signer owes it anew, his grace starts now."""
    if refusal := _not_to_be_judged(sheet, by, proxy):
        return refusal
    if not reason.strip():
        return Refusal.NO_REASON
    return replace(
        sheet,
        state=SheetState.RETURNED,
        verifier=by,
        return_reason=reason.strip(),
        returns=sheet.returns + 1,
        draft=sheet.exceptions,
        asked_at=now,
    )


def _not_to_be_judged(sheet: Sheet, by: PersonId, proxy: PersonId | None) -> Refusal | None:
    if by in (sheet.signer, proxy):
        return Refusal.OWN_SHEET
    if sheet.state is SheetState.VERIFIED:
        return Refusal.ALREADY_VERIFIED
    return None if sheet.state is SheetState.SIGNED else Refusal.NOT_SIGNED


# ── taking it back ───────────────────────────────────────────────────────────────────────────────


def undo_signature(sheet: Sheet, by: PersonId) -> Sheet | Refusal:
    """The signer takes his signature back, as long as nobody has judged it."""
    if by != sheet.signer:
        return Refusal.NOT_SIGNER
    if sheet.state is not SheetState.SIGNED:
        return Refusal.NOTHING_TO_UNDO
    before = SheetState.RETURNED if sheet.returns else SheetState.OPEN
    return replace(
        sheet,
        state=before,
        draft=sheet.exceptions,
        exceptions=(),
        signed_at=None,
        late=sheet.late and before is SheetState.RETURNED,
    )


def undo_verification(sheet: Sheet, by: PersonId) -> Sheet | Refusal:
    """Who verified it takes that back; it is his to judge again."""
    if sheet.state is not SheetState.VERIFIED or by != sheet.verifier:
        return Refusal.NOTHING_TO_UNDO
    return replace(sheet, state=SheetState.SIGNED, verified_at=None)


def undo_return(sheet: Sheet, by: PersonId) -> Sheet | Refusal:
    """Who returned it takes that back, as long as it has not been signed anew."""
    if sheet.state is not SheetState.RETURNED or by != sheet.verifier or sheet.signed_at is None:
        return Refusal.NOTHING_TO_UNDO
    return replace(sheet, state=SheetState.SIGNED, return_reason=None, returns=sheet.returns - 1, draft=())
