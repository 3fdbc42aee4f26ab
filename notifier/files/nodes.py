"""YAML read through its nodes, so that every complaint knows its line.

Texts are taken as they are written: ``NO`` is a country and ``20:00`` a time, whatever YAML makes of them.
A place that cannot be read is reported once and yields a default, so that the rest is read all the same.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.reader import ReaderError

from notifier.files.findings import BadValue, Findings, unknown

T = TypeVar("T")

_NULL = "tag:yaml.org,2002:null"
_MEND_SYNTAX = "compare indentation, brackets and colons with the shipped example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A node, with the way to it (``unstaffed.steps.2.wait``; lists count from 1).

    ``line`` counts from 1 and is the key's, where there is one.
    """

    file: str
    path: str
    line: int
    node: Node
    findings: Findings

    def refuse(self, bad: BadValue) -> None:
        """Report this place."""
        self.findings.add(self.file, self.line, self.path, bad)

    def value(self, read: Callable[[str], T], default: T) -> T:
        """What ``read`` makes of the text here; ``default``, with a finding, when it cannot."""
        try:
            return read(self._text())
        except BadValue as bad:
            self.refuse(bad)
            return default

    def _text(self) -> str:
        if not isinstance(self.node, ScalarNode):
            raise BadValue("a list or a block stands where one value should", "write one value")
        if self.node.tag == _NULL or not self.node.value.strip():
            raise BadValue("it is empty", "fill it in, or leave the whole line out")
        return str(self.node.value).strip()

    def is_block(self) -> bool:
        """Whether keys and values stand here."""
        return isinstance(self.node, MappingNode)

    def is_list(self) -> bool:
        """Whether a list stands here."""
        return isinstance(self.node, SequenceNode)

    def entries(self) -> list["Place"]:
        """The entries of the list here; none, with a finding, when it is no list."""
        if not isinstance(self.node, SequenceNode):
            self.refuse(BadValue("it is no list", "write [one, two], or a line with - for each"))
            return []
        return [self._below(str(n), node, node) for n, node in enumerate(self.node.value, start=1)]

    def named(self) -> list[tuple[str, "Place"]]:
        """The values of the block here with their keys, which are names of the user's own.

        Reported: no block, repeated keys.
        """
        if not isinstance(self.node, MappingNode):
            self.refuse(BadValue("it is no block of names", "write name: value, one a line"))
            return []
        found: dict[str, Place] = {}
        for key, node in self.node.value:
            name = str(key.value).strip() if isinstance(key, ScalarNode) else "?"
            place = self._below(name, key, node)
            if name in found:
                place.refuse(BadValue(f"{name!r} stands here twice", "keep one of them"))
            found[name] = place
        return list(found.items())

    def fields(self, known: Iterable[str], required: Iterable[str] = ()) -> dict[str, "Place"]:
        """The values of the block here by key, reported being: no block, unknown, repeated, missing keys."""
        if not isinstance(self.node, MappingNode):
            self.refuse(BadValue("it is no block of keys", "write key: value, one a line"))
            return {}
        names = list(known)
        found: dict[str, Place] = {}
        for key, node in self.node.value:
            name = str(key.value) if isinstance(key, ScalarNode) else "?"
            place = self._below(name, key, node)
            if name not in names:
                place.refuse(unknown("key here", name, names))
            elif name in found:
                place.refuse(BadValue(f"{name!r} stands here twice", "keep one of them"))
            found[name] = place
        for name in required:
            if name not in found:
                self.refuse(BadValue(f"{name!r} is missing", f"add {name}: …"))
        return {name: place for name, place in found.items() if name in names}

    def _below(self, name: str, start: Node, node: Node) -> "Place":
        path = f"{self.path}.{name}" if self.path else name
        line = start.start_mark.line + 1
        return Place(file=self.file, path=path, line=line, node=node, findings=self.findings)


def compose(file: str, text: str, findings: Findings) -> Place | None:
    """The top of a YAML text; None when there is nothing in it, or, with a finding, when it is no YAML."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        bad = BadValue("there is a character that YAML does not allow", "type the line anew")
        findings.add(file, line, "", bad)
        return None
    except RecursionError:
        findings.add(file, 0, "", BadValue("brackets stand too deep in one another", _MEND_SYNTAX))
        return None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(part for part in (error.context, error.problem) if part)
        findings.add(
            file, mark.line + 1 if mark else 0, "", BadValue(f"this is no YAML ({what})", _MEND_SYNTAX)
        )
        return None
    if node is None or node.tag == _NULL:
        return None
    return Place(file=file, path="", line=node.start_mark.line + 1, node=node, findings=findings)
