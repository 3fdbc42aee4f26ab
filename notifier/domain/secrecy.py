"""Texts that nobody but their reader may see: what they hold lets somebody in."""

from typing import Final

SIGN_IN_CODE: Final = "sign_in_code"

VOUCHER_GIVEN: Final = "voucher_given"

SECRET_TEMPLATES: Final = frozenset({SIGN_IN_CODE, VOUCHER_GIVEN})
"""The templates whose texts are shown to nobody but who gets them."""

HIDDEN: Final = "••••••"
"""What is shown in their place."""


def shown(template: str, text: str) -> str:
    """The text of a message, as it may be shown to others than its reader."""
    return HIDDEN if template in SECRET_TEMPLATES else text
