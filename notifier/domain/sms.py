"""How long a text is as SMS: GSM-7 where every character allows it, else UCS-2 (3GPP TS 23.038, 23.040)."""

from collections.abc import Callable

GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION = frozenset("\f^{}\\[~]|€")
"""Characters that take an escape and so count two."""

_GSM = GSM_BASIC | GSM_EXTENSION
_GSM_ALONE, _GSM_PART = 160, 153
_UCS2_ALONE, _UCS2_PART = 70, 67


def utf16_units(text: str) -> int:
    """The text's length in UTF-16 code units: what Telegram and UCS-2 count."""
    if text.isascii():
        return len(text)
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def is_gsm(text: str) -> bool:
    """Whether the text goes out in GSM-7."""
    return _GSM.issuperset(text)


def segments(text: str) -> int:
    """How many segments the text is sent, and billed, as; at least 1."""
    if is_gsm(text):
        return _pack(text, _gsm_width, _GSM_ALONE, _GSM_PART)
    return _pack(text, utf16_units, _UCS2_ALONE, _UCS2_PART)


def fits(text: str, limit: int) -> bool:
    """Whether the text goes out in at most ``limit`` segments."""
    return segments(text) <= limit


def _gsm_width(char: str) -> int:
    return 2 if char in GSM_EXTENSION else 1


def _pack(text: str, width: Callable[[str], int], alone: int, part: int) -> int:
    widths = [width(char) for char in text]
    if sum(widths) <= alone:
        return 1
    count, room = 1, part
    for wide in widths:
        # An escaped character, or a surrogate pair, is never torn between two segments.
        if wide > room:
            count, room = count + 1, part
        room -= wide
    return count
