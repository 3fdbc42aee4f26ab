"""The evening that is played: who, where and when, laid out as files that are imported like anybody's."""

import shutil
from datetime import datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from notifier.config import Config, load_config, shipped

ZONE = ZoneInfo("Asia/Shanghai")
DAY = datetime(2026, 2, 10, tzinfo=ZONE).date()
BEGINS = time(19, 30)
"""Half an hour before the shift, which is when the last reminder goes out."""
SHIFT_STARTS, SHIFT_ENDS = time(20), time(21)
SPEED = 240.0
"""Civil seconds in a real one: four minutes of waiting for an answer are a second here."""

GATE, QUIET_GATE, EMPTY_GATE = "BS01-G1", "XX01-G1", "QJ01-G1"
PRAISED = ("unit:BS01", "unit:XX01")

CITY = "city"
BOT = "100200300"
TOKEN = f"{BOT}:demo-token"
ACCOUNT = "AC00000000000000000000000000000000"
SMS_FROM = "+15550001111"


class Who:
    """The people of the story, by their ids in the example city."""

    AT_THE_GATE = "p114"
    BY_SMS = "p315"
    NEVER_CAME = "p415"
    STEPS_IN = "p414"
    GATE_SECRETARY = "p111"
    FORGETFUL_SECRETARY = "p311"
    SLEEPING_SECRETARY = "p411"
    DEPUTY = "p412"
    AUTHOR = "p003"


LATE_GATE, YOURS = "LS01-G1", "p514"
"""The post, and who is to stand it, with which whoever watches may go on playing."""
DESK_OFFICER = "p001"
"""Of the city's duty desk, and so he sees everything in the console."""
SLOWER = 10.0
"""Civil seconds in a real one then: time enough to read and to press."""

SHIFTS = ((GATE, Who.AT_THE_GATE), (QUIET_GATE, Who.BY_SMS), (EMPTY_GATE, Who.NEVER_CAME))


def lay_out_city(folder: Path) -> Path:
    """A copy of the example city with this evening's shifts beside it instead of its endless rotas."""
    city = folder / CITY
    shutil.copytree(shipped("schedules"), city, ignore=shutil.ignore_patterns("rotas.yaml", "shifts.csv"))
    write_shifts(city, SHIFTS, at(SHIFT_STARTS), at(SHIFT_ENDS))
    return city


def write_shifts(folder: Path, shifts: tuple[tuple[str, str], ...], start: datetime, end: datetime) -> Path:
    """A shifts.csv of one span of time, ready to be imported; returns its folder."""
    folder.mkdir(exist_ok=True)
    span = f"{start.astimezone(ZONE):%Y-%m-%dT%H:%M},{end.astimezone(ZONE):%Y-%m-%dT%H:%M}"
    rows = [f"{post},{span},{person}\n" for post, person in shifts]
    (folder / "shifts.csv").write_text("post,start,end,people\n" + "".join(rows), encoding="utf-8")
    return folder


def at(hour: time) -> datetime:
    """That civil time of the evening."""
    return datetime.combine(DAY, hour, ZONE)


def settings_for(
    folder: Path, *, sandbox_url: str, port: int, starts: datetime | None = None, speed: float = SPEED
) -> Config:
    """The settings of the service: every one of them said here, so that no .env and no variable changes it.

    The civil clock starts at ``starts``, by default when the evening begins.
    """
    defaults = {
        name: field.get_default(call_default_factory=True) for name, field in Config.model_fields.items()
    }
    told: dict[str, object] = {
        "database_url": f"sqlite+aiosqlite:///{folder / 'notifier.db'}",
        "schedules_dir": folder / CITY,
        "timezone": ZONE.key,
        "telegram_token": TOKEN,
        "telegram_api_url": sandbox_url,
        "twilio_account_sid": ACCOUNT,
        "twilio_auth_token": "demo-auth-token",
        "twilio_from": (SMS_FROM,),
        "twilio_api_url": sandbox_url,
        # A short code's rate: at one segment a second the texts would lag behind so fast a clock.
        "twilio_rate": 10.0,
        "sms_replies": "yes",
        "only_to": ("*",),
        "public_url": f"http://127.0.0.1:{port}",
        "http_port": port,
        "clock_start": starts or at(BEGINS),
        "clock_speed": speed,
    }
    return load_config(**(defaults | told))
