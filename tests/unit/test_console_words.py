"""The pages' texts: the same names in both languages, each one there that a page asks for."""

import re
import string
from pathlib import Path

import pytest

from notifier.web.console.render import PAGES
from notifier.web.console.words import LOCALES, Words

WORDS = Words.load()
_ASKED = re.compile(r"""\bt\(\s*(["'])([a-z_]+\.[a-z0-9_]+)\1\s*([,)~])""")


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_names() -> None:
    chinese, english = (WORDS.names(locale) for locale in LOCALES)
    assert chinese ^ english == set()


def test_both_languages_say_the_same_values() -> None:
    differing = [
        name for name in WORDS.names("zh") if fields(WORDS.say("zh", name)) != fields(WORDS.say("en", name))
    ]
    assert differing == []


def test_nothing_is_left_empty_or_untranslated() -> None:
    assert [name for name in WORDS.names("zh") if not WORDS.say("zh", name).strip()] == []
    chinese = re.compile(r"[\u4e00-\u9fff]")
    # A language is named in itself, and so is what people write back.
    assert [n for n in WORDS.names("en") if chinese.search(WORDS.say("en", n))] == []


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.html")), ids=lambda page: page.name)
def test_what_a_page_asks_for_is_there(page: Path) -> None:
    asked = {name for _, name, end in _ASKED.findall(page.read_text("utf-8")) if end != "~"}
    assert asked - WORDS.names("zh") == set()


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.html")), ids=lambda page: page.name)
def test_a_page_has_no_script_or_style_of_its_own(page: Path) -> None:
    text = page.read_text("utf-8")
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|hx-on|hx-vals='js", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", text)
    assert "|safe" not in text.replace(" ", "")


def test_every_form_that_changes_something_brings_its_token() -> None:
    """But for those of the sign-in, which have no session yet."""
    bare = []
    for page in PAGES.glob("*.html"):
        for form in re.findall(r"<form\b.*?</form>", page.read_text("utf-8"), re.DOTALL):
            if 'method="post"' in form and 'name="csrf"' not in form and "{% include" not in form:
                bare.append(page.name)
    assert {name for name in bare if not name.startswith("sign_in")} == set()
