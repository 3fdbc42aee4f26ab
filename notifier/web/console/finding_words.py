"""What is wrong with a file, in the language of whoever handed it in, where there are words for it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from notifier.errors import Finding
from notifier.web.console.words import read_texts

WORDS: Final = Path(__file__).parent / "findings.yaml"
ORIGINAL: Final = "en"
"""The language in which files are refused."""

_PLACE: Final = re.compile(r"\\\{\d\\\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A finding as a page shows it. ``lang``: its language, where that is not the page's."""

    file: str
    line: int
    column: str
    problem: str
    mend: str
    lang: str = ""


class FindingWords:
    """Sentences with places in them, ``{0}`` and on, and what they are in other languages."""

    def __init__(self, sentences: Mapping[str, Mapping[str, str]]) -> None:
        """``sentences``: of each sentence its translation by language."""
        self._patterns = [(_pattern(text), said) for text, said in sentences.items()]

    @classmethod
    def load(cls) -> "FindingWords":
        """What ``findings.yaml`` says, read once in a process."""
        return cls(_sentences())

    def told(self, locale: str, findings: Iterable[Finding]) -> Sequence[Told]:
        """The findings in that language; one without words for all of it as it is."""
        return [self._one(locale, finding) for finding in findings]

    def _one(self, locale: str, finding: Finding) -> Told:
        problem, mend = (self.said(locale, text) for text in (finding.problem, finding.mend))
        known = problem is not None and mend is not None
        return Told(
            file=finding.file,
            line=finding.line,
            column=finding.column,
            problem=problem if known and problem else finding.problem,
            mend=mend if known and mend else finding.mend,
            lang="" if known else ORIGINAL,
        )

    def said(self, locale: str, text: str) -> str | None:
        """One sentence in that language; None where there are no words for it."""
        if locale == ORIGINAL:
            return text
        for pattern, said in self._patterns:
            if found := pattern.fullmatch(text):
                return said[locale].format(*found.groups())
        return None


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(_PLACE.sub("(.+?)", re.escape(text)), re.DOTALL)


@cache
def _sentences() -> Mapping[str, Mapping[str, str]]:
    return {text: {"zh": said} for text, said in read_texts(WORDS).items()}
