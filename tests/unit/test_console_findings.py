"""What is wrong with a roster file has words in the page's language, whatever the file says."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from notifier import files
from notifier.errors import Finding
from notifier.web.console.finding_words import FindingWords

WORDS = FindingWords.load()
TABLES = (
    "cells",
    "columns",
    "given",
    "identities",
    "phones",
    "references",
    "sources",
    "spreadsheets",
    "tables",
)
"""The modules that read tables; those of rules and rotas are told in English."""
NOT_OF_TABLES = (
    "is no duration",
    "90s, 10m",
    "is too long",
    "at most {}d",
    "is no time at all",
    "longer than 0",
)


def template(node: ast.expr) -> str | None:
    """A sentence with ``{}`` for what is put into it."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


def sentences(module: str) -> Iterator[str]:
    """What that module may say is wrong, and the mends: of calls, and of names that are given a sentence."""
    tree = ast.parse((Path(files.__file__).parent / f"{module}.py").read_text("utf-8"))
    for node in ast.walk(tree):
        told: list[ast.expr] = []
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "BadValue":
            told = node.args
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Finding":
            told = [word.value for word in node.keywords if word.arg in ("problem", "mend")]
        elif isinstance(node, ast.Assign):
            names = [getattr(name, "id", "").strip("_").lower() for name in node.targets]
            told = [node.value] if {"problem", "mend"} & {name.split("_")[-1] for name in names} else []
        yield from (said for one in told if (said := template(one)))


@pytest.mark.parametrize("module", TABLES)
def test_every_sentence_about_a_table_has_its_words(module: str) -> None:
    # Which of the tables' words it is about is told in each case.
    every = [said.replace("there is no {} ", "there is no unit ") for said in sentences(module)]
    found = [said for said in every if not any(part in said for part in NOT_OF_TABLES)]
    assert found
    assert [said for said in found if WORDS.said("zh", said.replace("{}", "x y")) is None] == []


def test_what_is_put_into_a_sentence_stays_as_it_is() -> None:
    finding = Finding(
        file="people.csv", line=4, column="phone", problem="'12x' is no phone number", mend="fill it in"
    )
    [told] = WORDS.told("zh", [finding])
    assert (told.problem, told.mend, told.lang) == ("'12x' 不是电话号码", "填上", "")
    [told] = WORDS.told("en", [finding])
    assert told.problem == finding.problem


def test_what_has_no_words_is_shown_whole_and_marked() -> None:
    """Half of it in each language would be harder to read than all of it in one."""
    finding = Finding(file="rotas.yaml", line=4, column="", problem="it is no team", mend="fill it in")
    [told] = WORDS.told("zh", [finding])
    assert (told.problem, told.mend, told.lang) == ("it is no team", "fill it in", "en")
