"""Settings files: taken whole or refused whole, every complaint with its line and mend."""

import shutil
from datetime import time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from notifier.domain.policy import Due, Kind, Policy, Signers, Step
from notifier.domain.roster import ChannelName
from notifier.errors import FileRefused, Finding
from notifier.files import policy_warnings, read_settings, settings_from_texts

CITY = Path(__file__).parent.parent / "fixtures" / "city"
SHANGHAI = ZoneInfo("Asia/Shanghai")
MINUTE = timedelta(minutes=1)
LIST = "- id: a\n  title: 清单\n  items: [一, {en: two}]\n  signed_by: unit\n  due: daily 20:00\n"


def of(**texts: str) -> dict[str, str]:
    return {f"{name}.yaml": text for name, text in texts.items()}


def refusals(texts: dict[str, str]) -> tuple[Finding, ...]:
    with pytest.raises(FileRefused) as refused:
        settings_from_texts(texts, zone=SHANGHAI, version=1)
    return refused.value.findings


def test_the_fixture_settings_are_read_as_they_stand() -> None:
    settings = read_settings(CITY, zone=SHANGHAI, version=3)
    assert settings.version == 3
    assert settings.policies[Kind.UNSTAFFED] == Policy(
        kind=Kind.UNSTAFFED,
        remind_before=(720 * MINUTE, 30 * MINUTE),
        checkin_from=60 * MINUTE,
        grace=10 * MINUTE,
        steps=(
            Step(call="rostered", wait=5 * MINUTE),
            Step(call="secretary", wait=10 * MINUTE),
            Step(call="succession", wait=10 * MINUTE),
            Step(call="liaison", wait=15 * MINUTE),
            Step(call="duty_desk", wait=15 * MINUTE, repeat=2),
        ),
        resolve_within=20 * MINUTE,
        repeat_exhausted=15 * MINUTE,
        channels=(ChannelName.TELEGRAM, ChannelName.SMS),
        fallback_after=2 * MINUTE,
        keeps_quiet=False,
        expires=30 * MINUTE,
    )
    assert settings.policies[Kind.UNSIGNED].keeps_quiet
    assert settings.policy(Kind.NOTICE) == Policy(kind=Kind.NOTICE)
    rigid = settings.checklist("rigid-8")
    assert len(rigid.items) == 8
    assert rigid.items[0] == {"zh": "卡口值守", "en": "Checkpoint kept"}
    assert (rigid.signers, rigid.office, rigid.due) == (
        Signers.ON_DUTY,
        None,
        Due(daily=None, offset=30 * MINUTE),
    )
    assert settings.quiet.spans == ((time(22, 30), time(6, 30)),)
    assert settings.quiet.zone == SHANGHAI
    assert settings.holidays == "CN"
    assert policy_warnings(settings) == []


def test_the_texts_that_are_kept_read_back_as_the_same_settings() -> None:
    settings = read_settings(CITY, zone=SHANGHAI, version=3)
    assert settings.sources == {
        name: (CITY / name).read_text("utf-8")
        for name in ("policies.yaml", "checklists.yaml", "calendar.yaml")
    }
    assert settings_from_texts(settings.sources, zone=SHANGHAI, version=3) == settings


def test_absent_and_empty_files_stand_for_defaults(tmp_path: Path) -> None:
    settings = read_settings(tmp_path, zone=SHANGHAI, version=1)
    assert (settings.policies, settings.checklists, settings.quiet.spans, settings.holidays) == (
        {},
        (),
        (),
        None,
    )
    (tmp_path / "policies.yaml").write_text("# none yet\n")
    assert read_settings(tmp_path, zone=SHANGHAI, version=1).policies == {}


def test_files_in_gbk_with_chinese_titles_are_read(tmp_path: Path) -> None:
    (tmp_path / "policies.yaml").write_text("unsigned: {steps: [{call: 书记, wait: 1h}]}", "gbk")
    settings = read_settings(tmp_path, zone=SHANGHAI, version=1)
    assert settings.policy(Kind.UNSIGNED).steps == (Step(call="secretary", wait=60 * MINUTE),)


def test_a_missing_language_falls_back_to_the_other_and_a_plain_text_is_both() -> None:
    checklist = settings_from_texts(of(checklists=LIST), zone=SHANGHAI, version=1).checklist("a")
    assert checklist.title == {"zh": "清单", "en": "清单"}
    assert checklist.items == ({"zh": "一", "en": "一"}, {"zh": "two", "en": "two"})
    assert (checklist.verified_by, checklist.grace) == ("secretary", 15 * MINUTE)


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("shift_end", Due(daily=None)),
        ("shift_end + 30m", Due(daily=None, offset=30 * MINUTE)),
        ("shift_end+1h30m", Due(daily=None, offset=90 * MINUTE)),
        ("daily 20:00", Due(daily=time(20))),
        ("daily 24:00", Due(daily=time(), offset=timedelta(days=1))),
    ],
)
def test_a_list_is_due_at_shift_end_or_daily(text: str, due: Due) -> None:
    texts = of(checklists=LIST.replace("daily 20:00", text))
    assert settings_from_texts(texts, zone=SHANGHAI, version=1).checklist("a").due == due


@pytest.mark.parametrize(
    ("text", "signers", "office"),
    [
        ("on_duty", Signers.ON_DUTY, None),
        ("unit", Signers.UNIT, None),
        ("office:liaison", Signers.OFFICE, "liaison"),
        ('"office: 书记"', Signers.OFFICE, "secretary"),
    ],
)
def test_a_list_is_signed_by(text: str, signers: Signers, office: str | None) -> None:
    texts = of(checklists=LIST.replace("signed_by: unit", f"signed_by: {text}"))
    checklist = settings_from_texts(texts, zone=SHANGHAI, version=1).checklist("a")
    assert (checklist.signers, checklist.office) == (signers, office)


BAD = [
    ("policies", "unstafed:\n  grace: 1m", 1, "unstafed", "did you mean 'unstaffed'?"),
    (
        "policies",
        "unstaffed:\n  grace: 1m\n  resolve_witin: 2m",
        3,
        "unstaffed.resolve_witin",
        "'resolve_within'",
    ),
    ("policies", "unstaffed:\n  grace: 1m\n  grace: 2m", 3, "unstaffed.grace", "keep one of them"),
    ("policies", "notice:\n  grace: 1m\nnotice:\n  grace: 2m", 3, "notice", "keep one of them"),
    ("policies", "unstaffed:\n  grace: 10", 2, "unstaffed.grace", "write it as 90s, 10m, 2h or 1d"),
    ("policies", "unstaffed:\n  grace: 999999999999d", 2, "unstaffed.grace", "write it as"),
    ("policies", "unstaffed:\n  grace: 400d", 2, "unstaffed.grace", "use at most 366d"),
    ("policies", "unstaffed:\n  grace:", 2, "unstaffed.grace", "fill it in"),
    ("policies", "unstaffed:\n  grace: [1m]", 2, "unstaffed.grace", "write one value"),
    ("policies", "unstaffed:\n  resolve_within: 0s", 2, "unstaffed.resolve_within", "longer than 0"),
    ("policies", "unstaffed:\n  steps: secretary", 2, "unstaffed.steps", "a line with - for each"),
    ("policies", "unstaffed:\n  steps:\n    - secretary", 3, "unstaffed.steps.1", "write key: value"),
    ("policies", "unstaffed:\n  steps:\n    - {call: secretary}", 3, "unstaffed.steps.1", "add wait: …"),
    (
        "policies",
        "unstaffed:\n  steps: [{call: x, wait: 1m, repeat: -1}]",
        2,
        "unstaffed.steps.1.repeat",
        "digits",
    ),
    ("policies", "unstaffed:\n  remind_before: 30m", 2, "unstaffed.remind_before", "write [one, two]"),
    ("policies", "unstaffed:\n  channels: [pigeon]", 2, "unstaffed.channels.1", "use one of telegram, sms"),
    ("policies", "unstaffed:\n  channels: []", 2, "unstaffed.channels", "write [telegram, sms]"),
    ("policies", "unstaffed:\n  relief: kept", 2, "unstaffed.relief", "did you mean 'keep'?"),
    ("policies", "unstaffed:\n  quiet_hours: no", 2, "unstaffed.quiet_hours", "use one of keep, ignore"),
    ("policies", "- unstaffed", 1, "", "write key: value, one a line"),
    ("policies", "unstaffed:\n  grace: 1m\n grace: 1m", 3, "", "compare indentation"),
    ("policies", "unstaffed: {grace: 1m", 1, "", "compare indentation"),
    ("policies", "a: 1\n---\nb: 1", 2, "", "compare indentation"),
    ("policies", "notice:\n  grace: 1m\x07", 2, "", "type the line anew"),
    ("policies", "[" * 5000, 0, "", "compare indentation"),
    ("policies", "coverage:\n  ahead: 48h", 1, "coverage", "add at: …"),
    ("policies", "coverage:\n  at: 4pm", 2, "coverage.at", "write it as HH:MM"),
    ("policies", "morning_digest:\n  at: '24:00'", 2, "morning_digest.at", "write 00:00"),
    ("policies", "coverage:\n  at: '16:00'\n  grace: 1m", 3, "coverage.grace", "use one of at, ahead"),
    ("checklists", LIST + LIST, 6, "2", "give each list its own id"),
    ("checklists", LIST.replace("清单", "{fr: Liste}"), 2, "1.title.fr", "use one of zh, en"),
    ("checklists", LIST.replace("清单", "{}"), 2, "1.title", "write {zh: …, en: …}, or one of the two"),
    ("checklists", LIST.replace("[一, {en: two}]", "[]"), 3, "1.items", "write one"),
    ("checklists", LIST.replace("daily 20:00", "weekly"), 5, "1.due", "write shift_end"),
    ("checklists", LIST.replace("20:00", "25:00"), 5, "1.due", "write it as HH:MM"),
    ("checklists", LIST.replace("unit", "me"), 4, "1.signed_by", "write on_duty, unit, or office:TITLE"),
    ("checklists", LIST.replace("signed_by: unit", "signed_by: office"), 4, "1.signed_by", "office:TITLE"),
    ("checklists", LIST.replace("  signed_by: unit\n", ""), 1, "1", "add signed_by: …"),
    ("checklists", LIST.replace("一", "一" * 201), 3, "1.items.1", "use at most 200"),
    ("calendar", 'quiet_hours: "22:30-06:30"', 1, "quiet_hours", "write [one, two]"),
    ("calendar", 'quiet_hours: ["22:30"]', 1, "quiet_hours.1", "write it as HH:MM-HH:MM"),
    ("calendar", 'quiet_hours: ["08:00-08:00"]', 1, "quiet_hours.1", "leave some hours open"),
    ("calendar", 'quiet_hours: ["00:00-12:00", "11:00-24:00"]', 1, "quiet_hours", "leave some hours open"),
    ("calendar", "holidays: CN\nceiling: none", 2, "ceiling", "write such a number"),
    ("calendar", "ceiling: 0", 1, "ceiling", "write such a number"),
    ("calendar", "# x\nholidays: China", 2, "holidays", "write a country's two letters"),
    ("calendar", "holidays: ZZ", 1, "holidays", "write a country's two letters"),
]


@pytest.mark.parametrize(("file", "text", "line", "column", "mend"), BAD)
def test_a_bad_place_is_named_with_its_line_and_mend(
    file: str, text: str, line: int, column: str, mend: str
) -> None:
    first, *_ = refusals(of(**{file: text}))
    assert (first.file, first.line, first.column) == (f"{file}.yaml", line, column)
    assert mend in first.mend


def test_all_bad_places_of_all_files_are_named_and_nothing_is_taken(tmp_path: Path) -> None:
    city = Path(shutil.copytree(CITY, tmp_path / "city"))
    policies, calendar = city / "policies.yaml", city / "calendar.yaml"
    text = policies.read_text("utf-8").replace("fallback_after: 10m", "fallback_after: soon")
    policies.write_text(text, "utf-8")
    bad = [line for line, words in enumerate(text.splitlines(), start=1) if "soon" in words]
    calendar.write_text("quiet: []\n")
    with pytest.raises(FileRefused) as refused:
        read_settings(city, zone=SHANGHAI, version=1)
    assert [(f.file, f.line) for f in refused.value.findings] == [
        *(("policies.yaml", line) for line in bad),
        ("calendar.yaml", 1),
    ]
    assert "4 error(s); nothing was changed" in str(refused.value)


def test_what_goes_out_daily_is_off_without_a_block_and_wakes_nobody_by_default() -> None:
    texts = of(policies="coverage: {at: '16:00'}\nevening_digest: {at: 19:30, quiet_hours: ignore}")
    settings = settings_from_texts(texts, zone=SHANGHAI, version=1)
    coverage, evening = settings.policy(Kind.COVERAGE), settings.policy(Kind.EVENING_DIGEST)
    assert (coverage.at, coverage.ahead, coverage.keeps_quiet) == (time(16), timedelta(hours=48), True)
    assert (evening.at, evening.keeps_quiet) == (time(19, 30), False)
    assert settings.policy(Kind.MORNING_DIGEST).at is None


def test_a_digest_that_outlives_the_next_is_warned_about() -> None:
    text = "morning_digest: {at: 07:00, expires: 13h}\nevening_digest: {at: 19:00, expires: 12h}"
    settings = settings_from_texts(of(policies=text), zone=SHANGHAI, version=1)
    assert policy_warnings(settings) == [
        "policies.yaml morning_digest: it expires only after the next one is due; shorten expires"
    ]


def test_odd_policies_are_warned_about() -> None:
    text = """
unstaffed:
  steps: [{call: secretery, wait: 10m}, {call: 主任, wait: 1m}, {call: 组长, wait: 20m}]
  fallback_after: 5m
  expires: 5m
unsigned: {grace: 1m}
notice: {channels: [sms], fallback_after: 2d, expires: 1d}
"""
    settings = settings_from_texts(of(policies=text), zone=SHANGHAI, version=1)
    assert policy_warnings(settings, titles=["主任"]) == [
        "policies.yaml unstaffed: step 1 calls 'secretery', and there is no such office; "
        "did you mean 'secretary'?",
        "policies.yaml unstaffed: step 3 calls '组长', and there is no such office; add it to offices.csv",
        "policies.yaml unstaffed: fallback_after 5m is longer than half of step 2's wait (1m); "
        "there it is taken as 0.5m",
        "policies.yaml unstaffed: a message expires before fallback_after is over; "
        "the second channel is never used",
        "policies.yaml unsigned: it has no steps, so that nobody is called; add steps",
    ]
