"""Phones in any usual form; the short way for Chinese mobiles never differs from the library."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.files.findings import BadValue
from notifier.files.phones import read_phone


@pytest.mark.parametrize(
    "text",
    [
        "13800100001",
        "138 0010 0001",
        "138-0010-0001",
        "１３８００１００００１",
        "+8613800100001",
        "＋86 138 0010 0001",
        "0086 13800100001",
        "86-13800100001",
        "(138)00100001",
        "13800100001.0",
        "'13800100001",
        "1.3800100001E+10",
        "1.3800100001e10",
        "8613800100001",
        "\u202d13800100001\u202c",
        "138\u30000010\u30000001",
        "138–0010–0001",
    ],
)
def test_usual_forms_of_one_number_are_one_number(text: str) -> None:
    assert read_phone(text, "CN") == "+8613800100001"


def test_numbers_of_other_countries_and_landlines_are_taken() -> None:
    assert read_phone("0577-62521234", "CN") == "+8657762521234"
    assert read_phone("+44 7400 123456", "CN") == "+447400123456"
    assert read_phone("07400 123456", "GB") == "+447400123456"
    assert read_phone("+86 138 0010 0001", "GB") == "+8613800100001"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "12x",
        "138001000011",
        "1380010000",
        "1.38E+10",
        "1.380010000E+10",
        "1.38E+999",
        "110",
        "13800100001/13800100002",
        "13800100001转2",
    ],
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(BadValue):
        read_phone(text, "CN")


def by_the_library(text: str, country: str) -> str | None:
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def by_us(text: str, country: str) -> str | None:
    try:
        return read_phone(text, country)
    except BadValue:
        return None


@given(
    text=st.from_regex(r"(\+86)?1[0-9][0-9]{8,10}", fullmatch=True),
    gap=st.sampled_from(["", " ", "-"]),
    country=st.sampled_from(["CN", "GB"]),
)
def test_the_short_way_gives_the_librarys_verdict(text: str, gap: str, country: str) -> None:
    spaced = text[:6] + gap + text[6:]
    assert by_us(spaced, country) == by_the_library(spaced, country)


def test_the_short_way_gives_the_librarys_verdict_for_every_prefix() -> None:
    for prefix in range(1000, 2000):
        text = f"{prefix}0010001"
        assert by_us(text, "CN") == by_the_library(text, "CN")
