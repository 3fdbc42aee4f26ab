import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from notifier.cli.output import civil, print_document, print_table, working

ZONE = ZoneInfo("Asia/Shanghai")


def test_a_document_is_all_there_is_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    print_document({"title": "表扬", "none": None})
    printed = capsys.readouterr()
    assert json.loads(printed.out) == {"title": "表扬", "none": None}
    assert "表扬" in printed.out
    assert printed.err == ""


def test_brackets_in_a_cell_are_shown_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("title",), [("[bold]急[/bold]",), (None,)], title="[1]")
    printed = capsys.readouterr().out
    assert "[bold]急[/bold]" in printed
    assert printed.startswith("[1]\n")


def test_times_are_shown_as_clocks_there_show_them() -> None:
    assert civil("2026-11-23T12:00:00Z", ZONE) == "2026-11-23 20:00:00"
    assert civil(datetime(2026, 11, 23, 12, tzinfo=UTC), ZONE) == "2026-11-23 20:00:00"
    assert civil(None, ZONE) == ""


def test_that_it_goes_on_is_said_on_terminals_only(capsys: pytest.CaptureFixture[str]) -> None:
    with working("importing"):
        pass
    assert capsys.readouterr() == ("", "")
