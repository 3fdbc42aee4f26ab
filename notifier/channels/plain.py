"""Text from outside, made safe to store: every string a database and an encoder will take."""


def plain(value: object) -> str:
    """The text itself without NUL and lone surrogates; empty for anything that is no text."""
    if not isinstance(value, str):
        return ""
    if value.isascii() and "\x00" not in value:
        return value
    return value.replace("\x00", "").encode("utf-8", "replace").decode()
