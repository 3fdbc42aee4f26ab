"""Roster tables and settings files, read into domain values and written back.

Whatever cannot be taken is refused whole, with every bad place named: file, line, column, problem, mend.
"""

from notifier.files.civil_days import civil_calendar
from notifier.files.export import write_roster
from notifier.files.policies import policy_warnings
from notifier.files.roster import read_roster
from notifier.files.roster_files import REMOVE, Known, PersonRow, RosterFiles, TelegramLink, Unlink
from notifier.files.rotas import parse_rotas, read_rotas_file
from notifier.files.settings import SETTINGS_FILES, read_settings, settings_from_texts

__all__ = [
    "REMOVE",
    "SETTINGS_FILES",
    "Known",
    "PersonRow",
    "RosterFiles",
    "TelegramLink",
    "Unlink",
    "civil_calendar",
    "parse_rotas",
    "policy_warnings",
    "read_roster",
    "read_rotas_file",
    "read_settings",
    "settings_from_texts",
    "write_roster",
]
