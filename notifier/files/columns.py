"""The five roster tables: columns, the headers and values they also go by, and what a row becomes."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from notifier.domain.ids import PersonId
from notifier.domain.roster import DUTY_DESK, Office, OfficeStatus, Person, Post, Shift, Unit, UnitKind
from notifier.files.cells import (
    choice_reader,
    read_id,
    read_people,
    read_person_id,
    read_text,
    title_reader,
    whole_reader,
)
from notifier.files.findings import BadValue, unknown
from notifier.files.moments import moment_reader
from notifier.files.phones import read_phone
from notifier.files.roster_files import NO_ID, REMOVE, PersonRow, TelegramLink, Unlink
from notifier.files.tables import Column, Table

LOCALES = ("zh", "en")

_UNIT_KINDS = {
    "市": UnitKind.CITY,
    "县": UnitKind.CITY,
    "区": UnitKind.CITY,
    "镇": UnitKind.TOWN,
    "街道": UnitKind.TOWN,
    "乡": UnitKind.TOWN,
    "村": UnitKind.VILLAGE,
    "社区": UnitKind.VILLAGE,
}
_STATUSES = {
    "在岗": OfficeStatus.IN_POST,
    "在职": OfficeStatus.IN_POST,
    "缺席": OfficeStatus.ABSENT,
    "请假": OfficeStatus.ABSENT,
    "停职": OfficeStatus.SUSPENDED,
}
TITLES = {
    "书记": "secretary",
    "副书记": "deputy_secretary",
    "委员": "committee",
    "联络员": "liaison",
    "驻村干部": "liaison",
    "值班室": DUTY_DESK,
}
_POST_KINDS = {"卡口": "checkpoint", "值班室": DUTY_DESK}
_LOCALES = {"中文": "zh", "汉语": "zh", "英文": "en", "英语": "en", "zh-cn": "zh", "zh_cn": "zh"}
_TELEGRAM = re.compile(r"(?:(\d{1,20}):)?(-?\d{1,20})")

read_title = title_reader(TITLES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What cells need that do not say it themselves."""

    zone: ZoneInfo
    country: str
    locale: str


UNITS = Table(
    name="units",
    key=("code",),
    build=Unit,
    columns=(
        Column(name="code", read=read_id, aliases=("编号", "代码", "编码", "单位编号", "单位代码")),
        Column(name="name", read=read_text, aliases=("名称", "单位", "单位名称", "姓名")),
        Column(name="kind", read=choice_reader(UnitKind, _UNIT_KINDS), aliases=("类别", "类型", "级别")),
        Column(name="parent", read=read_id, aliases=("上级", "上级单位", "上级编号", "上级代码"), blank=None),
    ),
)

POSTS = Table(
    name="posts",
    key=("code",),
    build=Post,
    columns=(
        Column(name="code", read=read_id, aliases=("编号", "代码", "编码", "岗位编号", "岗位代码")),
        Column(name="unit", read=read_id, aliases=("单位", "村", "单位编号", "单位代码")),
        Column(name="name", read=read_text, aliases=("名称", "姓名", "岗位", "岗位名称")),
        Column(name="kind", read=title_reader(_POST_KINDS), aliases=("类别", "类型")),
        Column(name="headcount", read=whole_reader(1, 999), aliases=("人数",), blank=1, optional=True),
    ),
)


def people_table(reading: Reading) -> Table[PersonRow]:
    """The table of people."""

    def phone(text: str) -> str:
        return read_phone(text, reading.country)

    return Table(
        name="people",
        key=("id",),
        build=_person_row,
        columns=(
            Column(
                name="id",
                read=_person,
                aliases=("编号", "代码", "工号", "人员编号"),
                blank=NO_ID,
                optional=True,
            ),
            Column(name="name", read=read_text, aliases=("姓名", "名称")),
            Column(
                name="phone",
                read=phone,
                aliases=("电话", "手机", "手机号", "手机号码", "联系电话"),
                blank=None,
            ),
            Column(name="unit", read=read_id, aliases=("单位", "村", "单位编号", "单位代码")),
            Column(name="locale", read=_locale, aliases=("语言",), blank=reading.locale, optional=True),
            Column(name="telegram", read=_telegram, aliases=("电报",), blank=None, optional=True),
        ),
    )


def offices_table(reading: Reading) -> Table[Office]:
    """The table of seats."""
    until = moment_reader(reading.zone, date_alone=True)
    status = choice_reader(OfficeStatus, _STATUSES)
    return Table(
        name="offices",
        key=("unit", "title", "rank"),
        build=Office,
        columns=(
            Column(name="unit", read=read_id, aliases=("单位", "村", "单位编号", "单位代码")),
            Column(name="title", read=read_title, aliases=("职务", "职位")),
            Column(name="rank", read=whole_reader(1, 99), aliases=("排位", "顺序", "排序", "顺位")),
            Column(name="person", read=_person, aliases=("人员", "人员编号", "编号"), blank=None),
            Column(name="status", read=status, aliases=("状态",), blank=OfficeStatus.IN_POST, optional=True),
            Column(name="until", read=until, aliases=("到期", "至", "截止"), blank=None, optional=True),
        ),
    )


def shifts_table(reading: Reading) -> Table[Shift]:
    """The table of shifts."""
    moment = moment_reader(reading.zone)
    return Table(
        name="shifts",
        key=("post", "start"),
        build=Shift,
        columns=(
            Column(name="post", read=read_id, aliases=("岗位", "岗位编号", "岗位代码")),
            Column(name="start", read=moment, aliases=("开始", "开始时间", "起")),
            Column(name="end", read=moment, aliases=("结束", "结束时间", "止", "至")),
            Column(name="people", read=read_people, aliases=("人员", "值班人员", "人员编号"), blank=()),
        ),
    )


def _person_row(*, telegram: TelegramLink | Unlink | None, **person: Any) -> PersonRow:
    return PersonRow(person=Person(**person), telegram=telegram)


def _person(text: str) -> PersonId:
    return PersonId(read_person_id(text))


def _locale(text: str) -> str:
    plain = text.lower()
    locale = _LOCALES.get(plain, plain)
    if locale not in LOCALES:
        raise unknown("language", text, LOCALES)
    return locale


def _telegram(text: str) -> TelegramLink | Unlink:
    plain = unicodedata.normalize("NFKC", text)
    if plain in ("-", "–", "—"):
        return REMOVE
    match = _TELEGRAM.fullmatch(plain)
    if match is None:
        raise BadValue(
            f"{text!r} is no chat", "write the chat's number, or BOT:CHAT, or - to remove the link"
        )
    if match[2].startswith("-"):
        raise BadValue(f"{text!r} is a group", "write the number of the person's private chat")
    return TelegramLink(bot=match[1], chat=match[2])
