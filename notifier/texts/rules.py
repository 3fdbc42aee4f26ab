"""What holds for a template in every language: its buttons, whether it asks, how long it may be."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from notifier.domain.language.model import Verb
from notifier.texts.civil import WORDS
from notifier.texts.source import Slips, line_of, pairs, read_mapping, read_rows, texts

RULES, BUTTONS = "rules.yaml", "buttons.yaml"
_ASKING = {"zh": 1, "en": 2}
_TELLING = {"zh": 2, "en": 3}
MOST_SEGMENTS = 10
"""Twilio takes 1,600 characters; in UCS-2 no more than ten segments are sure to pass."""
_VERBS = frozenset(verb.value for verb in Verb)

Rows = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """``alias`` maps a name to the template whose texts it shares; ``segments`` are limits of their own."""

    asks: frozenset[str]
    alias: Mapping[str, str]
    segments: Mapping[str, int]
    buttons: Mapping[str, Rows]

    def limit(self, template: str, locale: str) -> int:
        """The most SMS segments that a text may take, the signature included."""
        if template in self.segments:
            return self.segments[template]
        return (_ASKING if template in self.asks else _TELLING)[locale]


def read_rules(folder: Path, slips: Slips) -> Rules:
    """Read ``rules.yaml`` and ``buttons.yaml``."""
    asks: frozenset[str] = frozenset()
    alias: dict[str, str] = {}
    segments: dict[str, int] = {}
    for key, node in read_mapping(folder, RULES, slips):
        match key:
            case "asks":
                asks = frozenset(texts(node, RULES, key, slips))
            case "same_text":
                alias = {name: str(value.value) for name, value in pairs(node, RULES, slips)}
            case "segments":
                segments = dict(_segments(node, slips))
            case _:
                slips.add(RULES, line_of(node), key, "unknown key", "use asks, same_text, segments")
    buttons = {
        name: read_rows(node, BUTTONS, name, slips) for name, node in read_mapping(folder, BUTTONS, slips)
    }
    asks |= {name for name, like in alias.items() if like in asks}
    buttons |= {name: buttons[like] for name, like in alias.items() if like in buttons}
    return Rules(asks=asks, alias=alias, segments=segments, buttons=buttons)


def _segments(node: yaml.Node, slips: Slips) -> Iterable[tuple[str, int]]:
    for name, value in pairs(node, RULES, slips):
        digits = str(value.value)
        if digits.isdecimal() and 1 <= int(digits) <= MOST_SEGMENTS:
            yield name, int(digits)
        else:
            slips.add(RULES, line_of(value), name, "is no limit", f"write 1 to {MOST_SEGMENTS}")


def check_rules(
    rules: Rules, names: frozenset[str], labels: Mapping[str, Mapping[str, str]], slips: Slips
) -> None:
    """Every name in the rules is a template, every button a verb with a label in each language."""
    known = names | rules.alias.keys()
    for file, named in ((RULES, rules.asks | rules.segments.keys()), (BUTTONS, rules.buttons.keys())):
        for name in sorted(named - known):
            slips.add(file, 0, name, "is no template", "correct the name, or remove it")
    for name, like in rules.alias.items():
        if like not in names or name in names:
            slips.add(RULES, 0, name, f"cannot be the same text as {like!r}", "name an existing template")
    used = {verb for rows in rules.buttons.values() for row in rows for verb in row}
    for verb in sorted(used - _VERBS):
        slips.add(BUTTONS, 0, verb, "is no verb", f"use one of {', '.join(sorted(_VERBS))}")
    for locale in WORDS:
        for verb in sorted((used & _VERBS) - labels[locale].keys()):
            slips.add(f"{locale}/labels.yaml", 0, verb, "has no label", f"write {verb}: ...")
