"""Texts that callers send, held to what people can be shown and databases can keep."""

from typing import Annotated, Final

from pydantic import AfterValidator, Field

LONGEST_REASON: Final = 500


def _plain(text: str) -> str:
    told = text.replace("\r\n", "\n").strip()
    if not told:
        raise ValueError("write something in it")
    if not all(letter.isprintable() or letter in "\n\t" for letter in told):
        raise ValueError("leave control characters out")
    return told


Plain = AfterValidator(_plain)
"""Of a text: something stands in it, and nothing that cannot be shown."""
Reason = Annotated[
    str, Field(max_length=LONGEST_REASON, description="Why; the journal and the trace keep it."), Plain
]
