"""Sheets of personal links to be printed and cut apart: A4, ten people a page, each with his QR code."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import segno
from fpdf import FPDF

from notifier.files.typefaces import Run, Typefaces

PAGE_WIDTH, PAGE_HEIGHT, MARGIN = 210.0, 297.0, 10.0
COLUMNS, ROWS = 2, 5
A_PAGE = COLUMNS * ROWS
"""Cards on a page."""

TOP = 27.0
CARD_WIDTH = (PAGE_WIDTH - 2 * MARGIN) / COLUMNS
CARD_HEIGHT = 52.0
_QR_SIDE = 38.0
"""Millimetres with the quiet zone: the code itself, of 37 modules and 4 more on each side, is 31 mm wide."""
_QUIET = 4
_DOTS = 4
"""Dots a module: viewers that smooth pictures blur a quarter of a module at the most."""

_TEXT_WIDTH = CARD_WIDTH - _QR_SIDE - 6
_POINT = 0.3528
"""Millimetres."""
_LEADING = 1.28
_NAME_SIZES = ((16.0, 1), (13.0, 1), (12.0, 2), (10.0, 2), (8.0, 2))
"""Sizes of type with the lines that a name may take in each, the likeliest first."""
_GREY = 130

_HINT_SIZES = ((9.5, 7.0), (8.5, 6.5), (7.5, 6.0), (6.5, 5.5))
"""Of the main lines and of the smaller ones, the likeliest first."""
_HINTS_HEIGHT = CARD_HEIGHT - 23
"""What the tallest name leaves."""

_WORDS = re.compile(r"[（“‘《「]*(?:[!-,.-~]*-|[!-,.-~]+ ?|.)[，。；：！？、）”’》」…]*", re.DOTALL)
"""What a line may be broken between: Latin words, else single characters, with the marks that cling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One person's part of a sheet. ``url`` is a secret."""

    id: str
    name: str
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One unit's cards, which begin on a new page. ``place`` stands on each card.

    ``heading`` is given the page within the section, from 1, and says what stands at its head: the main
    line and the smaller one.
    """

    place: str
    cards: Sequence[Card]
    heading: Callable[[int, int], tuple[str, str]]

    @property
    def pages(self) -> int:
        """How many pages it takes."""
        return -(-len(self.cards) // A_PAGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What stands on every card: the main lines, and smaller ones in the other language."""

    main: Sequence[str]
    small: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """Text in one font, measured in one size."""

    family: str
    text: str
    width: float


def write_link_sheets(
    path: Path,
    sections: Iterable[Section],
    hints: Hints,
    faces: Typefaces,
    on_card: Callable[[], None] = lambda: None,
) -> None:
    """Write the sections as one PDF; ``on_card`` is called after each card. Raises OSError.

    A few kilobytes of memory a card are held until the end.
    """
    sheets = _Sheets(faces, hints)
    for section in sections:
        sheets.add(section, on_card)
    sheets.write(path)


class _Sheets:
    """A document in the making. Lengths are millimetres, sizes of type points."""

    def __init__(self, faces: Typefaces, hints: Hints) -> None:
        self._pdf = FPDF(format="A4")
        self._pdf.set_auto_page_break(False)
        self._pdf.set_margin(0)
        self._faces = faces
        self._families: list[str] = []
        # The same on every card, so measured once.
        self._hints = self._fitted(hints)

    def add(self, section: Section, on_card: Callable[[], None]) -> None:
        for number, card in enumerate(section.cards):
            page, place = divmod(number, A_PAGE)
            if place == 0:
                self._begin_page(section, page + 1)
            row, column = divmod(place, COLUMNS)
            self._card(section, card, MARGIN + column * CARD_WIDTH, TOP + row * CARD_HEIGHT)
            on_card()

    def write(self, path: Path) -> None:
        self._pdf.output(str(path))

    def _begin_page(self, section: Section, page: int) -> None:
        self._pdf.add_page()
        main, small = section.heading(page, section.pages)
        room = PAGE_WIDTH - 2 * MARGIN
        self._line(MARGIN, 16, self._cut(main, 14, room), 14)
        self._line(MARGIN, 22, self._cut(small, 8, room), 8)

    def _card(self, section: Section, card: Card, left: float, top: float) -> None:
        self._cut_lines(left, top)
        self._pdf.image(_qr(card.url), x=left + 1, y=top + 2, w=_QR_SIDE, h=_QR_SIDE)
        whose = self._cut(f"{section.place}  {card.id}", 9, CARD_WIDTH - 8)
        self._line(left + 5, top + _QR_SIDE + 6, whose, 9)
        y = self._name(card.name, left + _QR_SIDE + 3, top + 9)
        for size, pieces in self._hints:
            self._draw(left + _QR_SIDE + 3, y, pieces, size)
            y += size * _POINT * _LEADING

    def _name(self, name: str, x: float, y: float) -> float:
        """In the largest type in which it fits; returns where the next line stands."""
        for size, most in _NAME_SIZES:
            lines = self._broken(name, size)
            if len(lines) <= most:
                break
        else:
            lines = [*lines[: most - 1], lines[most - 1][:-1] + "…"]
        for line in lines:
            self._line(x, y, line, size)
            y += size * _POINT * _LEADING
        return y + 1

    def _fitted(self, hints: Hints) -> list[tuple[float, list[_Piece]]]:
        """The hints' lines with their sizes, in the largest type in which they fit under a name."""
        lines: list[tuple[float, list[_Piece]]] = []
        for main, small in _HINT_SIZES:
            lines = [
                (size, self._laid(line, size))
                for size, texts in ((main, hints.main), (small, hints.small))
                for text in texts
                for line in self._broken(text, size)
            ]
            if sum(size for size, _ in lines) * _POINT * _LEADING <= _HINTS_HEIGHT:
                return lines
        return lines[: int(_HINTS_HEIGHT / (_HINT_SIZES[-1][0] * _POINT * _LEADING))]

    def _cut_lines(self, left: float, top: float) -> None:
        pdf = self._pdf
        pdf.set_draw_color(_GREY)
        pdf.set_dash_pattern(dash=1.5, gap=1.5)
        pdf.rect(left, top, CARD_WIDTH, CARD_HEIGHT)

    # ── lines of text ────────────────────────────────────────────────────────────────────────────

    def _line(self, x: float, y: float, text: str, size: float) -> None:
        self._draw(x, y, self._laid(text, size), size)

    def _draw(self, x: float, y: float, pieces: Sequence[_Piece], size: float) -> None:
        for piece in pieces:
            self._pdf.set_font(piece.family, size=size)
            self._pdf.text(x, y, piece.text)
            x += piece.width

    def _width(self, text: str, size: float) -> float:
        return sum(piece.width for piece in self._laid(text, size))

    def _laid(self, text: str, size: float) -> list[_Piece]:
        return [self._measured(run, size) for run in self._faces.runs(text)]

    def _measured(self, run: Run, size: float) -> _Piece:
        for face in self._faces.opened[len(self._families) :]:
            self._families.append(f"{len(self._families)} {face.family}")
            self._pdf.add_font(self._families[-1], fname=face.path)
        family = self._families[run.face]
        self._pdf.set_font(family, size=size)
        return _Piece(family=family, text=run.text, width=float(self._pdf.get_string_width(run.text)))

    def _broken(self, text: str, size: float) -> list[str]:
        """The text in lines that fit beside a code."""
        lines = [""]
        words = _WORDS.findall(text)
        if any(self._width(word, size) > _TEXT_WIDTH for word in words):
            words = list(text)
        for word in words:
            if lines[-1] and self._width(lines[-1] + word.rstrip(), size) > _TEXT_WIDTH:
                lines.append("")
            lines[-1] += word
        return lines

    def _cut(self, text: str, size: float, room: float) -> str:
        if self._width(text, size) <= room:
            return text
        while text and self._width(text + "…", size) > room:
            text = text[:-1]
        return text + "…"


def _qr(url: str) -> BytesIO:
    """The code with its quiet zone as a PNG, a few dots a module."""
    picture = BytesIO()
    segno.make_qr(url, error="m").save(picture, kind="png", scale=_DOTS, border=_QUIET)
    return picture
