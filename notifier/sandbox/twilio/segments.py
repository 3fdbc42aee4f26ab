"""How many segments a text takes, by GSM 03.38 and UCS-2."""

GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION = frozenset("\f^{}\\[~]|€")
GSM_SINGLE, GSM_JOINED = 160, 153
UCS2_SINGLE, UCS2_JOINED = 70, 67


def count_segments(text: str) -> int:
    """Segments of a text; an empty one takes one too. No piece of a two-unit character is split off."""
    if all(character in GSM_BASIC or character in GSM_EXTENSION for character in text):
        widths = [2 if character in GSM_EXTENSION else 1 for character in text]
        return _pieces(widths, GSM_SINGLE, GSM_JOINED)
    widths = [2 if character > "\uffff" else 1 for character in text]
    return _pieces(widths, UCS2_SINGLE, UCS2_JOINED)


def _pieces(widths: list[int], single: int, joined: int) -> int:
    if sum(widths) <= single:
        return 1
    pieces, room = 1, joined
    for width in widths:
        if width > room:
            pieces, room = pieces + 1, joined
        room -= width
    return pieces
