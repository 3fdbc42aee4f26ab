"""At the shell: who holds an office, who decided so, and what is refused with its mend."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stories.cli_desk import CITY, Desk, at_desk

SECRETARY = ("--unit", "BS01", "--title", "secretary")
VACANT = ("--unit", "BS01", "--title", "committee", "--rank", "4")
WHY = ("--by", "p01", "--reason", "did not come to the hand-over")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str) -> Iterator[Desk]:
    for desk in at_desk(tmp_path, monkeypatch, database_url):
        desk.does("import", CITY)
        desk.at("2026-11-23T20:15:00")
        yield desk


def seat(desk: Desk, *at: str) -> tuple[str | None, str]:
    """Who holds the secretary's seat, and how."""
    shown = desk.does("office", "show", "--unit", "BS01", "--json", *at).document
    [found] = [one for one in shown["seats"] if one["title"] == "secretary"]
    return found["person"], found["status"]


def test_each_decision_is_a_record_with_who_when_and_why(desk: Desk) -> None:
    suspended = desk.does("office", "suspend", *SECRETARY, *WHY, "--until", "2026-12-05 08:00").out.strip()
    assert seat(desk) == ("p11", "suspended")
    desk.at("2026-11-23T20:16:00")
    assert desk.does("office", "reinstate", *SECRETARY, *WHY).status == 0
    assert seat(desk) == ("p11", "in_post")
    desk.at("2026-11-23T20:17:00")
    assert desk.does("office", "vacate", *SECRETARY, *WHY, "--order", "白街〔2026〕9号").status == 0
    assert seat(desk) == (None, "in_post")
    desk.at("2026-11-23T20:18:00")
    assert desk.does("office", "appoint", *SECRETARY, "--person", "p12", *WHY).status == 0
    assert seat(desk) == ("p12", "in_post")
    shown = desk.does("office", "show", "--unit", "BS01", "--json").document
    mine = [one for one in shown["records"] if one["title"] == "secretary" and one["by"]]
    assert [(one["what"], one["person"], one["by"]) for one in mine] == [
        ("suspended", "p11", "p01"),
        ("ended", "p11", "p01"),
        ("appointed", None, "p01"),
        ("appointed", "p12", "p01"),
    ]
    assert {one["reason"] for one in mine} == {WHY[-1]}
    assert (mine[0]["id"], mine[1]["of"], mine[2]["order"]) == (suspended, suspended, "白街〔2026〕9号")
    assert seat(desk, "--at", "2026-11-23 20:15:30") == ("p11", "suspended")


@pytest.mark.parametrize(
    ("command", "status", "says"),
    [
        (("suspend", *VACANT, *WHY), 1, "committee of BS01 is vacant"),
        (("reinstate", *SECRETARY, *WHY), 1, "p11 is not suspended as secretary of BS01"),
        (("vacate", *VACANT, *WHY), 1, "vacant already; to fill it use `office appoint`"),
        (("appoint", *SECRETARY, "--person", "p12", *WHY), 1, "add --replacing p11"),
        (
            ("appoint", *SECRETARY, "--person", "p12", *WHY, "--replacing", "p13"),
            1,
            "p11 holds secretary of BS01",
        ),
        (("appoint", *SECRETARY, "--person", "p11", *WHY), 1, "p11 holds that office already"),
        (("appoint", *VACANT, "--person", "p12", *WHY, "--replacing", "p13"), 1, "leave --replacing out"),
        (("appoint", *VACANT, "--person", "p99", *WHY), 1, "there is no person p99"),
        (("appoint", *VACANT, "--person", "p21", *WHY), 1, "p21 belongs to BS02, not to BS01; add --force"),
        (("suspend", *SECRETARY, *WHY, "--until", "2026-11-22 08:00"), 1, "--until is not after --from"),
        (
            ("suspend", *SECRETARY, *WHY, "--from", "2026-12-05 08:00", "--until", "2026-12-04 08:00"),
            1,
            "--until is not after --from",
        ),
        (
            ("vacate", *SECRETARY, *WHY, "--from", "2026-11-01 08:00"),
            1,
            "--from lies before secretary of BS01",
        ),
        (("suspend", *SECRETARY, "--by", "p99", "--reason", "x"), 1, "there is no person p99"),
        (("suspend", *SECRETARY, "--by", "p01", "--reason", " "), 2, "--reason is empty"),
        (("suspend", "--unit", "BS01", "--title", "committee", *WHY), 2, "add --rank, one of 3, 4"),
        (("suspend", "--unit", "BS01", "--title", "treasurer", *WHY), 1, "BS01 has no office treasurer"),
    ],
)
def test_what_cannot_be_is_one_line_with_the_mend_and_changes_nothing(
    desk: Desk, command: tuple[str, ...], status: int, says: str
) -> None:
    before = desk.does("office", "show", "--unit", "BS01", "--json").document["records"]
    done = desk.does("office", *command)
    assert (done.status, done.out) == (status, "")
    assert says in done.err
    # Wrong usage shows the command's usage above it.
    assert len(done.complaints) == 1 or status == 2
    assert desk.does("office", "show", "--unit", "BS01", "--json").document["records"] == before


def test_suspended_twice_is_refused(desk: Desk) -> None:
    desk.does("office", "suspend", *SECRETARY, *WHY)
    done = desk.does("office", "suspend", *SECRETARY, *WHY)
    assert done.status == 1
    assert "p11 is suspended already" in done.err


def test_somebody_of_another_village_only_when_it_is_meant(desk: Desk) -> None:
    assert desk.does("office", "appoint", *VACANT, "--person", "p21", *WHY, "--force").status == 0


def test_somebody_of_a_unit_above_needs_no_force(desk: Desk) -> None:
    assert desk.does("office", "appoint", *VACANT, "--person", "p02", *WHY).status == 0


def test_a_dry_run_says_what_the_file_would_undo_and_its_own_export_nothing(desk: Desk) -> None:
    desk.does("office", "suspend", *SECRETARY, *WHY, "--until", "2026-12-05 08:00")
    again = desk.does("import", CITY, "--dry-run")
    counted, row = [line for line in again.out.splitlines() if "offices" in line]
    assert "1" in counted.split()
    assert row == "offices:"
    assert "BS01 secretary 1: status suspended -> in_post" in again.out
    assert seat(desk) == ("p11", "suspended")
    out = desk.folder / "out"
    desk.does("export", out)
    assert "no effect" not in desk.does("import", out, "--dry-run").err
    before = desk.does("office", "show", "--unit", "BS01", "--json").document["records"]
    desk.does("import", out)
    assert desk.does("office", "show", "--unit", "BS01", "--json").document["records"] == before
    desk.does("import", CITY)
    assert seat(desk) == ("p11", "in_post")
