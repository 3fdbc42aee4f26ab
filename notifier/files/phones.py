"""Phone numbers in any usual form, as E.164."""

import re
import unicodedata

from phonenumbers import (
    NumberParseException,
    PhoneMetadata,
    PhoneNumberFormat,
    format_number,
    is_valid_number,
    parse,
)

from notifier.files.findings import BadValue

HOME_COUNTRY = "CN"
"""Where phone numbers without a country are, unless calendar.yaml's ``holidays`` names another country."""

_FROM_SPREADSHEET = re.compile(r"(\d{7,15})\.0+")
_ROUNDED = re.compile(r"\d(\.\d+)?[eE]\+?(\d{1,3})")
_SHAPE = re.compile(r"\+?[\d\s().\-/]+")
_EXTENSION_MEND = "write one number: digits, with + and the country's code if it is abroad"


def _mobile_in_china() -> re.Pattern[str]:
    """The library's own pattern, so that the short way below can never differ from the long one."""
    metadata = PhoneMetadata.metadata_for_region("CN")
    if metadata is None or metadata.mobile is None or metadata.mobile.national_number_pattern is None:
        return re.compile(r"(?!)")
    return re.compile(metadata.mobile.national_number_pattern)


_MOBILE_IN_CHINA = _mobile_in_china()


def read_phone(text: str, country: str) -> str:
    """The number as E.164, national numbers being those of ``country`` (``CN``). Raises BadValue.

    Full-width digits, blanks, hyphens, brackets and invisible marks do not matter. What a spreadsheet does to
    a number is undone where that is certain: ``.0`` behind it, an apostrophe before it, an exponent after all
    of its digits. A number that has been rounded is refused.
    """
    plain = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf").strip()
    plain = _not_rounded(plain.removeprefix("'"))
    if mobile := _plain_mobile(plain, country):
        return f"+86{mobile}"
    if _ROUNDED.fullmatch(plain):
        raise BadValue(f"{text!r} was rounded by a spreadsheet", "format the column as text and type it anew")
    if from_spreadsheet := _FROM_SPREADSHEET.fullmatch(plain):
        plain = from_spreadsheet[1]
    if not _SHAPE.fullmatch(_dashes_plain(plain)):
        raise BadValue(f"{text!r} is no phone number", _EXTENSION_MEND)
    return _parsed(plain, text, country)


def _not_rounded(text: str) -> str:
    """``1.3812345678E+10``, which has all its digits, as they are; anything else as it is."""
    match = _ROUNDED.fullmatch(text)
    if match is None:
        return text
    digits, exponent = (match[1] or "").removeprefix("."), int(match[2])
    return text[0] + digits if len(digits) == exponent else text


def _plain_mobile(text: str, country: str) -> str | None:
    """The national digits of a Chinese mobile number, or None where the library must look closer."""
    digits = text.replace(" ", "").replace("-", "")
    if digits.startswith("+86"):
        digits = digits[3:]
    elif country != "CN":
        return None
    return digits if _MOBILE_IN_CHINA.fullmatch(digits) else None


def _dashes_plain(text: str) -> str:
    return "".join("-" if unicodedata.category(c) == "Pd" else c for c in text)


def _parsed(plain: str, text: str, country: str) -> str:
    try:
        number = parse(_dashes_plain(plain), country)
    except NumberParseException:
        raise BadValue(f"{text!r} is no phone number", _EXTENSION_MEND) from None
    if not is_valid_number(number):
        raise BadValue(f"{text!r} is no phone number that is in use", "write all its digits, none too many")
    return format_number(number, PhoneNumberFormat.E164)
