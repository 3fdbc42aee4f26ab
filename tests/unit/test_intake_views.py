"""What a matter can be answered with: by who is rostered, called, holding, in office, on leave."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.case import Call, CallState, Case, CaseState
from notifier.domain.ids import CaseId, PersonId, UnitCode
from notifier.domain.language.model import MatterKind, Verb
from notifier.domain.policy import Kind
from notifier.domain.presence import Window
from notifier.engine.intake.taps import read_tap
from notifier.engine.intake.views import ShiftFacts, View, shift_view

ME, OTHER = PersonId("me"), PersonId("other")
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def case(holder: PersonId | None = None, *, called: bool = True) -> Case:
    calls = (Call(person=ME, step=1, at=NOW, state=CallState.ASKED),) if called else ()
    return Case(
        id=CaseId(1),
        kind=Kind.UNSTAFFED,
        unit=UnitCode("V"),
        subject="s",
        opened_at=NOW,
        holder=holder,
        state=CaseState.HELD if holder else CaseState.CALLING,
        calls=calls,
    )


def view(window: Window = Window.OPEN, **facts: Any) -> View | None:
    return shift_view(ShiftFacts(person=ME, window=window, **facts))


def answers(window: Window = Window.OPEN, **facts: Any) -> set[str]:
    found = view(window, **facts)
    return {verb.value for verb in found.answers} if found else set()


@pytest.mark.parametrize(
    ("facts", "may"),
    [
        ({"rostered": True}, "ack leave eta here swap"),
        ({"rostered": True, "knows": True}, "leave eta here swap"),
        ({"rostered": True, "on_leave": True}, "here"),
        ({"rostered": True, "window": Window.TOO_EARLY}, "ack leave eta swap"),
        ({"rostered": True, "on_post": True}, "off"),
        ({"rostered": True, "on_post": True, "case": case()}, "off"),
        ({"rostered": True, "case": case()}, "ack eta sorted hand_on here leave"),
        ({"rostered": True, "case": case(OTHER)}, "eta here leave"),
        ({"rostered": True, "case": case(), "on_leave": True}, "here"),
        ({"case": case()}, "ack eta sorted decline hand_on here withdraw"),
        ({"case": case(OTHER)}, ""),
        ({"case": case(ME)}, "eta hand_on decline sorted proxy here withdraw"),
        ({"case": case(OTHER), "office": True}, "proxy"),
        ({"office": True}, "ack decline hand_on proxy"),
        ({"office": True, "short": False}, "proxy"),
        ({"office": True, "window": Window.TOO_LATE}, ""),
        ({"office": True, "window": Window.TOO_LATE, "claimed": True}, "verify return proxy"),
        ({"rostered": True, "window": Window.TOO_LATE}, ""),
        ({}, ""),
    ],
)
def test_a_shift(facts: dict[str, Any], may: str) -> None:
    assert answers(**facts) == set(may.split())


def test_a_call_to_which_nothing_can_be_said_is_still_known() -> None:
    found = view(case=case(OTHER))
    assert found is not None
    assert found.kind is MatterKind.CALL


def test_a_shift_that_is_no_business_of_his_is_not() -> None:
    assert view() is None
    assert view(Window.TOO_LATE, rostered=True, office=True) is None


@given(st.text(max_size=70))
def test_a_tap_carries_anything_without_harm(data: str) -> None:
    tap = read_tap(data)
    assert tap is None or tap.word in Verb


@pytest.mark.parametrize(
    ("data", "verb", "matter", "argument"),
    [("ack:12", "ack", 12, None), ("item:12:3", "item", 12, 3), ("seen:9", "seen", None, None)],
)
def test_taps(data: str, verb: str, matter: int | None, argument: int | None) -> None:
    tap = read_tap(data)
    assert tap is not None
    assert (tap.verb, tap.matter, tap.argument) == (verb, matter, argument)


@pytest.mark.parametrize(
    "data", ["", "ack:x", "nonsense:1", "ack:1:2:3", f"ack:{'9' * 30}", f"ack:{2**31}", "ack:-1"]
)
def test_no_tap_of_ours(data: str) -> None:
    assert read_tap(data) is None
