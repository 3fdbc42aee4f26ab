"""Whom a name means that somebody wrote."""

from collections.abc import Iterable

from notifier.domain.language.normalise import name_key
from notifier.domain.roster import Person


def named(name: str, people: Iterable[Person], *, in_part: bool = False) -> list[Person]:
    """Those of ``people`` so named: by id, or by name and id, as namesakes are told apart; else by name.

    ``in_part``: where nobody has that whole name, those in whose name it stands.
    """
    wanted, everybody = name_key(name), list(people)
    if not wanted:
        return []
    by_id = [p for p in everybody if wanted in (name_key(p.id), name_key(p.name + p.id))]
    found = by_id or [p for p in everybody if name_key(p.name) == wanted]
    if found or not in_part:
        return found
    return [p for p in everybody if wanted in name_key(p.name)]


def told_apart(people: Iterable[Person]) -> list[str]:
    """Each with his id, as he can be named again."""
    return [f"{person.name} {person.id}" for person in people]
