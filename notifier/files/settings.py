"""The three settings files as one value, taken whole or not at all."""

from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from notifier.domain.policy import Settings
from notifier.domain.times import QuietHours
from notifier.files import calendar, checklists, policies
from notifier.files.findings import Findings
from notifier.files.nodes import compose
from notifier.files.sources import read_text_file

SETTINGS_FILES = (policies.FILE, checklists.FILE, calendar.FILE)


def read_settings(folder: Path, *, zone: ZoneInfo, version: int) -> Settings:
    """Read policies.yaml, checklists.yaml and calendar.yaml; an absent file stands for its defaults.

    Raises FileRefused with every bad place.
    """
    findings = Findings()
    paths = [folder / name for name in SETTINGS_FILES if (folder / name).exists()]
    read = {path.name: read_text_file(path, findings) for path in paths}
    texts = {name: text for name, text in read.items() if text is not None}
    return _read(texts, zone, version, findings)


def settings_from_texts(texts: Mapping[str, str], *, zone: ZoneInfo, version: int) -> Settings:
    """The same from the files' texts by name, as ``Settings.sources`` keeps them. Raises FileRefused."""
    return _read(texts, zone, version, Findings())


def _read(texts: Mapping[str, str], zone: ZoneInfo, version: int, findings: Findings) -> Settings:
    tops = {name: compose(name, texts[name], findings) for name in SETTINGS_FILES if name in texts}
    policies_top, lists_top, calendar_top = (tops.get(name) for name in SETTINGS_FILES)
    decided = policies.read_policies(policies_top) if policies_top else policies.PoliciesFile()
    lists = checklists.read_checklists(lists_top) if lists_top else ()
    days = (
        calendar.read_calendar(calendar_top, zone)
        if calendar_top
        else calendar.CalendarFile(quiet=QuietHours(zone=zone))
    )
    findings.refuse_if_any()
    return Settings(
        version=version,
        policies=decided.kinds,
        checklists=lists,
        quiet=days.quiet,
        holidays=days.country,
        days_off=days.days_off,
        workdays=days.workdays,
        ceiling=days.ceiling,
        stand_in=decided.stand_in,
        cover=decided.cover,
        sources={name: texts[name] for name in SETTINGS_FILES if name in texts},
    )
