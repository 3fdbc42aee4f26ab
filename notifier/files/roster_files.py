"""What roster files say, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from notifier.domain.ids import PersonId, PostCode, UnitCode
from notifier.domain.roster import Office, Person, Post, Shift, Unit
from notifier.domain.rota import Rota
from notifier.errors import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramLink:
    """A private chat. ``bot`` None means the only bot, or the first."""

    bot: str | None
    chat: str

    def __str__(self) -> str:
        """As the telegram column has it."""
        return f"{self.bot}:{self.chat}" if self.bot else self.chat


NO_ID = PersonId("")
"""Stands in a person's row until it has an id."""

Called = tuple[UnitCode, str]
"""A unit, and a name in it."""


class Unlink(Enum):
    """The instruction to forget a person's Telegram link."""

    REMOVE = "-"


REMOVE = Unlink.REMOVE


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """A person, and what to do about the Telegram link: None leaves it as it is."""

    person: Person
    telegram: TelegramLink | Unlink | None = None

    @property
    def id(self) -> PersonId:
        """The person's id."""
        return self.person.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the store has already: rows may refer to it where the file that brings it is absent.

    ``named``: whom it knows by unit and name.
    """

    units: frozenset[UnitCode] = frozenset()
    people: frozenset[PersonId] = frozenset()
    posts: frozenset[PostCode] = frozenset()
    named: Mapping[Called, tuple[PersonId, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterFiles:
    """The files of one import. None: the file is absent and changes nothing; else it is the whole truth.

    ``rotas_text`` is what ``rotas`` was read from, for the store to keep. ``warnings`` are places that are
    odd but taken. ``people_file`` is what findings call the people's file.
    """

    units: tuple[Unit, ...] | None = None
    people: tuple[PersonRow, ...] | None = None
    offices: tuple[Office, ...] | None = None
    posts: tuple[Post, ...] | None = None
    shifts: tuple[Shift, ...] | None = None
    rotas: tuple[Rota, ...] | None = None
    rotas_text: str | None = None
    warnings: tuple[Finding, ...] = ()
    people_file: str = "people.csv"
