"""The documents say what is so: settings, commands and links that they name exist."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from notifier.cli.app import app
from notifier.config import Config, load_config

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        ROOT / "schedules/README.md",
        ROOT / "templates/README.md",
    ]
)
_SETTING = re.compile(r"NOTIFIER_([A-Z_]+)")
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)#]+)\)")
_PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")
_COMMAND = re.compile(r"(?:^|`)notifier ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?", re.MULTILINE)


def names_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_the_example_settings_are_all_there_and_load(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Config.model_fields:
        monkeypatch.delenv(f"NOTIFIER_{name.upper()}", raising=False)
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert {name.lower() for name in re.findall(r"^NOTIFIER_([A-Z_]+)=", text, re.MULTILINE)} == set(
        Config.model_fields
    )
    example, default = load_config(ROOT / ".env.example"), Config(_env_file=None)  # type: ignore[call-arg]
    assert example == default


@pytest.mark.parametrize("document", DOCUMENTS, ids=names_of)
def test_settings_that_are_named_exist(document: Path) -> None:
    named = set(_SETTING.findall(document.read_text(encoding="utf-8")))
    assert {name.lower() for name in named} <= set(Config.model_fields)


@pytest.mark.parametrize("document", DOCUMENTS, ids=names_of)
def test_commands_that_are_shown_exist(document: Path) -> None:
    known = get_command(app).commands  # type: ignore[attr-defined]
    for name, below in _COMMAND.findall(document.read_text(encoding="utf-8")):
        assert name in known, f"notifier {name}"
        commands = getattr(known[name], "commands", {})
        assert not below or not commands or below in commands, f"notifier {name} {below}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=names_of)
def test_links_lead_somewhere(document: Path) -> None:
    links = [link for link in _LINK.findall(document.read_text(encoding="utf-8")) if "://" not in link]
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_pins_are_names_and_versions_and_nothing_else() -> None:
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert [pin for pin in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", pin)] == []


def test_the_pictures_of_the_readme_are_there_told_in_both_languages_and_light() -> None:
    pictures = _PICTURE.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    kept = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs/img").glob("*.png")}
    assert {path for _, path in pictures} == kept
    for told, path in pictures:
        chinese, _, english = told.partition(" · ")
        assert re.search(r"[\u4e00-\u9fff]", chinese), path
        assert re.fullmatch(r"[ -~]+", english), path
        assert (ROOT / path).stat().st_size < 200_000, path
