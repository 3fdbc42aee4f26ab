"""What a page says on top of a deed that led to it, and what was typed into a form that was refused."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from notifier.web.console.visit import Visitor


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What is said on top of the page: that it is done, or why not."""

    text: str
    is_done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What was typed into one form of a page, which is shown again with it."""

    form: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, form: str, fields: FormData) -> "Typed":
        """The fields of that form as they were sent."""
        return cls(
            form=form, fields={name: value for name, value in fields.items() if isinstance(value, str)}
        )

    def is_in(self, form: str) -> bool:
        """Whether it was typed into that form."""
        return self.form == form

    def get(self, form: str, name: str, default: object = "") -> object:
        """What was typed there, else the default."""
        return self.fields.get(name, default) if self.form == form else default


NOTHING_TYPED = Typed()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why a form was refused, and what was in it."""

    status: int
    said: Said
    typed: Typed


ShowAgain = Callable[[Request, Visitor, str, Refused], Awaitable[Response]]
"""Shows the page of an id once more, with what was refused on it."""
