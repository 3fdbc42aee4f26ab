"""The fonts that a printed page is drawn with: the shipped one, then whichever has a rare character."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

from fontTools.ttLib import TTFont, TTLibError

from notifier.errors import InputError

SHIPPED = Path(__file__).parent / "fonts" / "wqy-microhei-sc.ttf"

PLACES = (
    Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),
    Path("/usr/share/fonts/truetype/hanazono/HanaMinA.ttf"),
    Path("/usr/share/fonts/truetype/hanazono/HanaMinB.ttf"),
    Path("C:/Windows/Fonts/simsunb.ttf"),
)
"""Where rare characters are looked for, in this order: Debian's fonts-noto-cjk, fonts-hanazono; Windows."""

NO_GLYPH = "□"
"""Printed in place of a character that no font at hand has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Typeface:
    """A font file (the first face of a collection) and the characters that it can draw."""

    path: Path
    drawable: frozenset[int]

    @property
    def family(self) -> str:
        """The name by which a document knows it."""
        return self.path.stem.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A stretch of text in one font; ``face`` counts from 0 in the order of looking."""

    face: int
    text: str


class Typefaces:
    """Finds the first font that has a character; others than the shipped one are opened when it lacks it."""

    def __init__(self, chosen: Path | None = None, places: Sequence[Path] = PLACES) -> None:
        """``chosen`` is looked into before ``places``. Raises InputError when it is no font."""
        self._faces = [_open(SHIPPED)]
        if chosen is not None:
            self._faces.append(_open(chosen))
        self._unopened = [path for path in places if path.is_file()]

    @property
    def opened(self) -> Sequence[Typeface]:
        """The fonts needed so far."""
        return tuple(self._faces)

    def runs(self, text: str) -> list[Run]:
        """The text parted by font; what nobody can draw is ``NO_GLYPH``."""
        placed = [self._place(character) for character in text]
        grouped: Iterator[tuple[int, Iterable[tuple[int, str]]]] = groupby(placed, key=lambda pair: pair[0])
        return [Run(face=face, text="".join(shown for _, shown in pairs)) for face, pairs in grouped]

    def missing(self, text: str) -> str:
        """Its characters that no font at hand has, each once."""
        return "".join(dict.fromkeys(c for c in text if c != NO_GLYPH and self._place(c)[1] != c))

    def _place(self, character: str) -> tuple[int, str]:
        for number, face in enumerate(self._faces):
            if ord(character) in face.drawable:
                return number, character
        while self._unopened:
            face = _open(self._unopened.pop(0))
            self._faces.append(face)
            if ord(character) in face.drawable:
                return len(self._faces) - 1, character
        return 0, NO_GLYPH


@cache
def _open(path: Path) -> Typeface:
    """Raises InputError."""
    try:
        # The first face of a collection; of a plain font the only one.
        with path.open("rb") as file, TTFont(file, fontNumber=0, lazy=True) as font:
            return Typeface(path=path, drawable=frozenset(font.getBestCmap() or ()))
    except (OSError, TTLibError) as error:
        problem = error.strerror if isinstance(error, OSError) else "it is no font"
        raise InputError(
            f"{path} cannot be used as a font ({problem}); give a .ttf, .otf or .ttc file"
        ) from None
