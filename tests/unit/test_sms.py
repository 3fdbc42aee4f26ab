import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.sms import GSM_BASIC, GSM_EXTENSION, fits, is_gsm, segments, utf16_units


def test_the_gsm_tables_have_their_published_sizes() -> None:
    # 128 septets of the basic table, without the escape.
    assert len(GSM_BASIC) == 127
    assert len(GSM_EXTENSION) == 10


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("岗" * 70, 1),
        ("岗" * 71, 2),
        ("岗" * 134, 2),
        ("岗" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("827 Bridge post is empty since 20:00. Reply 1.", 1),
    ],
)
def test_segments(text: str, count: int) -> None:
    assert segments(text) == count


def test_an_escaped_character_is_not_torn_between_segments() -> None:
    # 152 septets, then one that needs two: it moves to the second segment as a whole.
    assert segments("a" * 152 + "€" + "a" * 151) == 2
    assert segments("a" * 152 + "€" + "a" * 152) == 3


def test_a_surrogate_pair_is_not_torn_between_segments() -> None:
    assert segments("岗" * 66 + "😀" + "岗" * 65) == 2
    assert segments("岗" * 66 + "😀" + "岗" * 66) == 3


def test_one_character_outside_gsm_makes_the_whole_text_ucs2() -> None:
    assert is_gsm("On post: é ñ €")
    assert not is_gsm("On post: ê")
    assert segments("a" * 71 + "ê") == 2


@given(st.text())
def test_units_are_those_of_utf16(text: str) -> None:
    assert utf16_units(text) == len(text.encode("utf-16-le", "surrogatepass")) // 2


@given(st.text(), st.text())
def test_more_text_never_takes_fewer_segments(text: str, more: str) -> None:
    assert 1 <= segments(text) <= segments(text + more)


@given(st.text(max_size=400), st.integers(1, 6))
def test_fits_agrees_with_segments(text: str, limit: int) -> None:
    assert fits(text, limit) is (segments(text) <= limit)
