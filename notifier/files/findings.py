"""Collecting what is wrong with a file: every bad place, then one refusal."""

from collections.abc import Iterable
from difflib import get_close_matches

from notifier.errors import FileRefused, Finding


class BadValue(ValueError):
    """One value that cannot be taken. Whoever knows the place turns it into a Finding."""

    def __init__(self, problem: str, mend: str) -> None:
        """Keep what is wrong and what to do about it."""
        super().__init__(problem)
        self.problem = problem
        self.mend = mend


class Findings:
    """The bad places of one or more files, in the order in which the files were read."""

    def __init__(self) -> None:
        """Start with nothing found."""
        self._found: list[Finding] = []

    def __len__(self) -> int:
        """How many bad places there are."""
        return len(self._found)

    def add(self, file: str, line: int, column: str, bad: BadValue) -> None:
        """Record a bad place."""
        self._found.append(Finding(file=file, line=line, column=column, problem=bad.problem, mend=bad.mend))

    def refuse_if_any(self) -> None:
        """Raise FileRefused with all findings, file by file and line by line, if there are any."""
        if self._found:
            raise FileRefused(in_order(self._found))


def in_order(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings sorted by line, the files in order of their first finding."""
    kept = list(found)
    order = {name: n for n, name in enumerate(dict.fromkeys(finding.file for finding in kept))}
    return tuple(sorted(kept, key=lambda finding: (order[finding.file], finding.line)))


def unknown(what: str, given: str, known: Iterable[str]) -> BadValue:
    """A name that is none of ``known``: the mend suggests the nearest, or lists them all."""
    names = list(known)
    near = get_close_matches(given, names, n=1)
    mend = f"did you mean {near[0]!r}?" if near else f"use one of {', '.join(names)}"
    return BadValue(f"{given!r} is no {what}", mend)
