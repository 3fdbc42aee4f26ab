"""Template files as they are written: YAML with line numbers, so that a slip can be named where it stands."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from notifier.errors import FileRefused, Finding

# The parser in C reads the shipped texts several times as fast, and every command reads them.
_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

FORMS = ("sms", "sms_no_reply", "telegram")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One form of a template, fullest variant first. ``line`` is where it starts."""

    file: str
    line: int
    variants: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class Slips:
    """Collects what is wrong, to be refused together."""

    found: list[Finding] = field(default_factory=list)

    def add(self, file: str, line: int, column: str, problem: str, mend: str) -> None:
        """One bad place."""
        self.found.append(Finding(file=file, line=line, column=column, problem=problem, mend=mend))

    def refuse(self) -> None:
        """Raise FileRefused when there is anything to refuse."""
        if self.found:
            raise FileRefused(tuple(self.found))


def line_of(node: yaml.Node) -> int:
    """The line that the node starts at, from 1."""
    return int(node.start_mark.line) + 1


def read_mapping(folder: Path, name: str, slips: Slips) -> list[tuple[str, yaml.Node]]:
    """A file's top-level keys with their nodes; duplicates are refused, an empty file is an empty mapping."""
    try:
        root = yaml.compose((folder / name).read_text(encoding="utf-8-sig"), Loader=_Loader)
    except (OSError, UnicodeDecodeError) as error:
        slips.add(name, 0, "", f"cannot be read ({error})", "put the file there as UTF-8 text")
        return []
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        slips.add(
            name, line, "", f"is no YAML ({error.problem})", "put texts with : { or # in quotation marks"
        )
        return []
    except yaml.YAMLError as error:
        slips.add(name, 0, "", f"is no YAML ({error})".replace("\n", " "), "remove what is no plain text")
        return []
    return [] if root is None else list(pairs(root, name, slips))


def pairs(node: yaml.Node, file: str, slips: Slips) -> Iterator[tuple[str, yaml.Node]]:
    """The entries of a mapping node; anything else, and keys written twice, are slips."""
    if not isinstance(node, yaml.MappingNode):
        slips.add(file, line_of(node), "", "is no mapping of names", "write name: text")
        return
    seen: set[str] = set()
    for key, value in node.value:
        if key.value in seen:
            slips.add(file, line_of(key), str(key.value), "is written twice", "remove one of them")
        else:
            seen.add(key.value)
            yield str(key.value), value


def texts(node: yaml.Node, file: str, column: str, slips: Slips) -> tuple[str, ...]:
    """One text, or a list of them."""
    nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
    good = [n.value for n in nodes if isinstance(n, yaml.ScalarNode) and n.value.strip()]
    if not good or len(good) != len(nodes):
        slips.add(file, line_of(node), column, "is no text", "write a text, or a list from full to short")
        return ()
    return tuple(good)


def read_templates(folder: Path, locale: str, slips: Slips) -> dict[str, dict[str, Written]]:
    """All templates of a language by name: form -> what is written."""
    found: dict[str, dict[str, Written]] = {}
    for path in sorted((folder / locale).glob("*.yaml")):
        if path.name == "labels.yaml":
            continue
        file = f"{locale}/{path.name}"
        for name, node in read_mapping(folder, file, slips):
            if name in found:
                slips.add(file, line_of(node), name, "is defined in two files", "remove one of them")
            found[name] = _forms(name, node, file, slips)
    return found


def _forms(name: str, node: yaml.Node, file: str, slips: Slips) -> dict[str, Written]:
    forms = {}
    for form, value in pairs(node, file, slips):
        if form not in FORMS:
            slips.add(file, line_of(value), name, f"unknown key {form!r}", f"use {', '.join(FORMS)}")
        elif variants := texts(value, file, name, slips):
            forms[form] = Written(file=file, line=line_of(value), variants=variants)
    for form in ("sms", "telegram"):
        if form not in forms:
            slips.add(file, line_of(node), name, f"has no {form} text", f"write {form}: ...")
    return forms


def read_labels(folder: Path, locale: str, slips: Slips) -> dict[str, str]:
    """A language's button labels by verb."""
    file = f"{locale}/labels.yaml"
    return {
        verb: variants[0]
        for verb, node in read_mapping(folder, file, slips)
        if (variants := texts(node, file, verb, slips))
    }


def read_rows(node: yaml.Node, file: str, name: str, slips: Slips) -> tuple[tuple[str, ...], ...]:
    """Rows of button verbs: ``[[ack, here], [leave]]``."""
    rows = node.value if isinstance(node, yaml.SequenceNode) else []
    made = [texts(row, file, name, slips) for row in rows if isinstance(row, yaml.SequenceNode)]
    if not made or len(made) != len(rows):
        slips.add(file, line_of(node), name, "is no list of rows", "write [[ack, here], [leave]]")
    return tuple(made)
