"""Every text of the pages, in Chinese and in English, under the same names."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import yaml

WORDS: Final = Path(__file__).parent / "words"
LOCALES: Final = ("zh", "en")

# The parser in C reads them several times as fast, and every start of the program reads them all.
_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Words:
    """Texts by language and name. A name is the file's and the text's: ``sign_in.title``."""

    def __init__(self, texts: Mapping[str, Mapping[str, str]]) -> None:
        """Take texts by language, then by name."""
        self._texts = texts

    @classmethod
    def load(cls) -> "Words":
        """What every file of ``words/`` says, read once in a process."""
        return cls(_texts())

    def names(self, locale: str) -> frozenset[str]:
        """The names that there are in a language."""
        return frozenset(self._texts[locale])

    def say(self, locale: str, name: str, /, **values: object) -> str:
        """The text with its values in their places. Raises KeyError for a name that there is not."""
        text = self._texts[locale][name]
        return text.format(**values) if values else text


@cache
def _texts() -> Mapping[str, Mapping[str, str]]:
    return {locale: _read(WORDS / locale) for locale in LOCALES}


def _read(folder: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for file in sorted(folder.glob("*.yaml")):
        found |= {f"{file.stem}.{name}": text for name, text in read_texts(file).items()}
    return found


def read_texts(file: Path) -> dict[str, str]:
    """Texts by name, as one file has them."""
    told = yaml.load(file.read_text("utf-8"), Loader=_Loader) or {}
    return {str(name): str(text) for name, text in told.items()}
