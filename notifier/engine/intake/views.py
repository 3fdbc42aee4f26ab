"""What each matter that is open can be answered with at this moment. Pure."""

from dataclasses import dataclass

from notifier.domain.case import CallState, Case, CaseState
from notifier.domain.ids import PersonId
from notifier.domain.language.model import MatterKind, Verb
from notifier.domain.presence import Window
from notifier.domain.sheet import Sheet, SheetState
from notifier.store.rows import Relay


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A matter as it may be answered: an ``OpenMatter`` but for its id and number."""

    kind: MatterKind
    answers: frozenset[Verb] = frozenset()
    rostered: bool = False
    members: int | None = None
    asks: bool = True
    early: bool = False
    items: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftFacts:
    """How one person stands to one shift. ``case`` is the open case about it; ``office``: of the post's unit.

    ``kept_on``: there beyond the shift. ``hands_over``: who is on post hands over to who comes next.
    ``short``: fewer are on post than it takes. ``knows``: he has said that he knows of his shift.
    ``claimed``: it is over, and somebody else says that he was there.
    """

    person: PersonId
    window: Window
    case: Case | None = None
    rostered: bool = False
    on_leave: bool = False
    on_post: bool = False
    kept_on: bool = False
    hands_over: bool = False
    office: bool = False
    short: bool = True
    knows: bool = False
    claimed: bool = False

    @property
    def holds(self) -> bool:
        """Whether he holds the case."""
        return self.case is not None and self.case.holder == self.person

    @property
    def called(self) -> bool:
        """Whether he was called in the case, or holds it."""
        return self.case is not None and was_called(self.case, self.person)


def was_called(case: Case, person: PersonId) -> bool:
    """Whether that person was asked in the case, and still is, or has it."""
    call = case.call_to(person)
    return case.holder == person or (call is not None and call.state is not CallState.REMOVED)


def shift_view(facts: ShiftFacts) -> View | None:
    """The matter of a shift; None when nothing of it is open for that person."""
    if facts.kept_on:
        answers = frozenset({Verb.ACK, Verb.OFF, Verb.HAND_OVER})
        return View(kind=MatterKind.REMINDER, answers=answers, rostered=facts.rostered)
    if facts.window is Window.TOO_LATE:
        decides = facts.office and facts.claimed
        return View(kind=MatterKind.CLAIM, answers=CLAIM) if decides else None
    proxy = frozenset({Verb.PROXY}) if facts.office or facts.holds else frozenset()
    if facts.on_post:
        leaves = {Verb.OFF, Verb.HAND_OVER} if facts.hands_over else {Verb.OFF}
        return View(kind=MatterKind.REMINDER, answers=proxy | leaves, rostered=facts.rostered)
    if facts.case is not None and (facts.rostered or facts.called or facts.office):
        return View(kind=MatterKind.CALL, answers=_call(facts, facts.case) | proxy, rostered=facts.rostered)
    if facts.rostered:
        early = facts.window is Window.TOO_EARLY
        answers = _duty(facts) | proxy
        return View(kind=MatterKind.REMINDER, answers=answers, rostered=True, early=early)
    if facts.office:
        sees_to_it = {Verb.ACK, Verb.DECLINE, Verb.HAND_ON} if facts.short else set()
        return View(kind=MatterKind.REMINDER, answers=proxy | sees_to_it, asks=facts.short)
    return None


def _duty(facts: ShiftFacts) -> frozenset[Verb]:
    """What the rostered may say of his shift. On leave he may still come after all."""
    here = {Verb.HERE} if facts.window is Window.OPEN else set()
    if facts.on_leave:
        return frozenset(here)
    # Said once it is said: of two people at one phone, the next 收到 is the other's.
    known = set() if facts.knows else {Verb.ACK}
    return frozenset(here | known | {Verb.LEAVE, Verb.ETA, Verb.SWAP})


def _call(facts: ShiftFacts, case: Case) -> frozenset[Verb]:
    here = {Verb.HERE} if facts.window is Window.OPEN else set()
    own: set[Verb] = set()
    if facts.rostered:
        own = here if facts.on_leave else here | {Verb.LEAVE, Verb.ETA}
    if case.holder is None:
        return frozenset(own | _unheld(facts, here))
    if not facts.holds:
        return frozenset(own)
    return frozenset(own | here | HOLDER | {Verb.PROXY} | _withdraws(facts))


def _unheld(facts: ShiftFacts, here: set[Verb]) -> set[Verb]:
    if facts.on_leave:
        return set()
    return CALLED - {Verb.DECLINE} | here if facts.rostered else CALLED | here | _withdraws(facts)


def _withdraws(facts: ShiftFacts) -> set[Verb]:
    """Who answers for the post may withdraw it; who was to stand there may not."""
    return set() if facts.rostered else {Verb.WITHDRAW}


CLAIM = frozenset({Verb.VERIFY, Verb.RETURN, Verb.PROXY})
"""What an office holder may say of a claim that somebody was there."""

CALLED = {Verb.ACK, Verb.ETA, Verb.SORTED, Verb.DECLINE, Verb.HAND_ON}
"""What anybody called may say while nobody holds the case."""

HOLDER = {Verb.ETA, Verb.HAND_ON, Verb.DECLINE, Verb.SORTED}


def case_view(case: Case, person: PersonId) -> View:
    """The matter of somebody called in a case of which he owes nothing himself."""
    answers: set[Verb] = set()
    if case.holder is None:
        answers = CALLED
    elif case.holder == person:
        answers = HOLDER
    return View(kind=MatterKind.CALL, answers=frozenset(answers))


def office_view(case: Case, person: PersonId) -> View:
    """The matter of who is asked to ring the holder of a silent office: he may have the next in rank act."""
    view = case_view(case, person)
    mine = case.holder in (None, person)
    return View(kind=MatterKind.CALL, answers=view.answers | ({Verb.APPOINT} if mine else set()))


def list_view(sheet: Sheet, items: int) -> View | None:
    """The matter of who signs a list; None once he owes nothing."""
    if not sheet.wants_signature:
        return None
    return View(kind=MatterKind.LIST, answers=frozenset({Verb.SIGN, Verb.WONT_SIGN, Verb.LATER}), items=items)


def verify_view(
    sheet: Sheet, case: Case | None, person: PersonId, proxy: PersonId | None = None
) -> View | None:
    """The matter of who verifies a list; None while there is nothing to verify, and for who signed it."""
    if sheet.state is not SheetState.SIGNED or person in (sheet.signer, proxy):
        return None
    return View(
        kind=MatterKind.VERIFY,
        answers=frozenset({Verb.VERIFY, Verb.RETURN}) | _declines(case, person),
        items=0,
    )


def follow_up_view(sheet: Sheet, case: Case | None, person: PersonId) -> View | None:
    """The matter of who sees to it that somebody else signs: called in a case, or told of a refusal."""
    if not sheet.wants_signature:
        return None
    if case is not None:
        return case_view(case, person)
    return View(kind=MatterKind.CALL, answers=frozenset({Verb.ACK, Verb.DECLINE}))


def relay_view(relay: Relay, case: Case | None, person: PersonId) -> View:
    """The matter of who passes a broadcast on. Once answered it asks no more, but the count may be mended."""
    return View(
        kind=MatterKind.RELAY,
        answers=frozenset({Verb.RELAYED}) | _declines(case, person),
        members=relay.members,
        asks=relay.relayed is None,
    )


def desk_view() -> View:
    """The matter of who has come to a desk at which something is open."""
    return View(kind=MatterKind.DESK, answers=frozenset({Verb.TAKE_OVER}))


def cover_view() -> View:
    """The matter of who is asked to stand a shift for somebody else."""
    return View(kind=MatterKind.CALL, answers=frozenset({Verb.COVER, Verb.DECLINE}))


def leave_view() -> View:
    """The matter of who is asked about somebody's leave: he may also see to it himself, or pass it on."""
    answers = frozenset({Verb.AGREE, Verb.REFUSE, Verb.ACK, Verb.DECLINE})
    return View(kind=MatterKind.PROPOSAL, answers=answers)


def proposal_view() -> View:
    """The matter of who is asked to agree to something."""
    return View(kind=MatterKind.PROPOSAL, answers=frozenset({Verb.AGREE, Verb.REFUSE, Verb.DECLINE}))


def notice_view() -> View:
    """The matter of something to be taken note of."""
    return View(kind=MatterKind.NOTICE, answers=frozenset({Verb.ACK}))


def _declines(case: Case | None, person: PersonId) -> frozenset[Verb]:
    """Whoever was called may pass it on, unless somebody else has it; the loud call asks him to take it."""
    if case is None or not was_called(case, person) or case.holder not in (None, person):
        return frozenset()
    takes = {Verb.ACK} if case.state is CaseState.EXHAUSTED else set()
    return frozenset({Verb.DECLINE, Verb.HAND_ON} | takes)
