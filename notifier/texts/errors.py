"""What may go wrong in making a text."""

from notifier.errors import NotifierError


class TextError(NotifierError):
    """A text could not be made: the template's name and what it lacks, never a value."""


class MissingValue(TextError):
    """The template prints a value that was not supplied, or that is null where it must not be."""

    def __init__(self, template: str, name: str, problem: str = "is missing") -> None:
        """Name the template and the value."""
        super().__init__(f"text {template}: value {name!r} {problem}")
        self.template = template
        self.name = name


class NoSuchText(TextError):
    """No template of that name."""

    def __init__(self, template: str) -> None:
        """Name the template."""
        super().__init__(f"no text is named {template!r}")
        self.template = template
