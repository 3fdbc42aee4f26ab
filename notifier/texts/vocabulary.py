"""The values that templates may use: what each is, how long it may be, and its worst case.

This is the whole contract between the engine, which supplies values, and whoever edits texts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class ValueKind(StrEnum):
    """How a value is treated on its way into a text."""

    TEXT = "text"
    """User's words: folded to one line, cut with … when too long."""
    PHONE = "phone"
    """Never cut; half a number is worse than none."""
    EXACT = "exact"
    """A code or an address: neither cut nor changed."""
    TIME = "time"
    """An ISO UTC string, printed through ``when``, ``clock`` or ``day``."""
    NUMBER = "number"
    FLAG = "flag"
    LIST = "list"
    """Of texts, whole numbers, or mappings of these; shows what fits, then how many more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One name. ``cap`` is in characters, for TEXT and for texts within a LIST.

    ``nullable``: null is a normal state and prints as nothing. ``optional``: may even be left out.
    ``worst`` is the longest value that a text must still hold.
    """

    kind: ValueKind
    group: str
    worst: object
    cap: int = 40
    nullable: bool = False
    optional: bool = False


def _group(
    group: str, **values: tuple[ValueKind, object] | tuple[ValueKind, object, str]
) -> dict[str, Value]:
    made = {}
    for name, (kind, worst, *flags) in values.items():
        marks = flags[0] if flags else ""
        made[name] = Value(
            kind=kind,
            group=group,
            worst=worst,
            cap=_CAPS.get(name, 40),
            nullable="?" in marks or "!" in marks,
            optional="!" in marks,
        )
    return made


_LINES = ("gaps", "on_duty", "open_cases", "missed", "unsigned", "unverified")
_CAPS = {
    "body": 3000,
    "words": 1000,
    "reason": 200,
    "matter_text": 80,
    "held_back": 400,
    "title": 80,
    "word": 80,
    **dict.fromkeys(_LINES, 160),
}
_NAME = "欧阳建国"
_PHONE = "13812345678"
_VILLAGE = "东横山头村"
_ITEMS = (
    "卡口值守",
    "体温检测",
    "车辆登记",
    "集中隔离巡查",
    "居家隔离走访",
    "信息上报",
    "物资代办",
    "宣传劝导",
)

_LINE = {
    "short": f"{_VILLAGE}104国道北卡口20:00缺2人",
    "full": f"{_VILLAGE}104国道北卡口今晚20:00至明早8:00缺2人",
}
"""A matter in a few words, and in a sentence."""

T, P, X, D, N, F, L = ValueKind  # text, phone, exact, time (a date), number, flag, list

VOCABULARY: Mapping[str, Value] = {
    **_group(
        "always",
        number=(N, 827, "?"),
        name=(T, _NAME),
        unit=(T, _VILLAGE),
        town=(T, "乐成新街道", "?"),
        site=(T, "乐清值守"),
        now=(D, "2026-11-23T09:00:00Z"),
        contact_name=(T, _NAME, "!"),
        contact_phone=(P, _PHONE, "!"),
    ),
    **_group(
        "shift",
        post=(T, "104国道北卡口"),
        start=(D, "2026-11-23T12:00:00Z"),
        end=(D, "2026-11-24T00:00:00Z"),
        partners=(L, ["章若兰", _NAME, "王建国"]),
        missing=(N, 2),
        headcount=(N, 3),
        on_post=(N, 1),
        kept_on=(N, 1),
        absent_name=(T, _NAME, "?"),
        absent_phone=(P, _PHONE, "?"),
        absent_count=(N, 2),
        rostered=(F, True),
        checkin_from=(D, "2026-11-23T11:00:00Z"),
        pause_until=(D, "2026-11-24T00:00:00Z", "?"),
        old_start=(D, "2026-11-23T10:00:00Z"),
        old_end=(D, "2026-11-23T22:00:00Z"),
        old_post=(T, "104国道南卡口", "?"),
        asker_name=(T, _NAME, "?"),
        asked_name=(T, _NAME, "?"),
        giver_name=(T, _NAME, "?"),
        taker_name=(T, _NAME, "?"),
        yours=(F, True),
    ),
    **_group(
        "case",
        night=(F, True),
        called=(N, 12),
        minutes_open=(N, 125),
        times=(N, 2),
        step=(N, 5),
        matter_text=(T, "东横山头村104国道北卡口20:00缺2人"),
        holder_name=(T, _NAME, "?"),
        holder_title=(T, "副书记", "?"),
        held_at=(D, "2026-11-23T18:18:00Z", "?"),
        hold_until=(D, "2026-11-23T18:33:00Z", "?"),
        done_by_name=(T, _NAME, "?"),
        done_at=(D, "2026-11-23T18:31:00Z", "?"),
        outcome=(T, "missed", "?"),
        next_name=(T, _NAME, "?"),
    ),
    **_group(
        "sheet",
        checklist=(T, "疫情防控8项刚性任务清单"),
        items_total=(N, 12),
        items_done=(N, 10),
        exceptions=(L, [3, 5, 11]),
        exception_texts=(L, ["车辆登记", "居家隔离走访"]),
        due=(D, "2026-11-23T13:00:00Z"),
        signer_name=(T, _NAME),
        signer_phone=(P, _PHONE, "?"),
        verifier_name=(T, _NAME, "?"),
        proxy_name=(T, _NAME, "!"),
        office_holder=(F, True, "!"),
        desk_officer=(F, True, "!"),
        verifier_phone=(P, _PHONE, "?"),
        reason=(T, "第3项登记本没见夜班记录", "?"),
        late=(F, True),
        items=(L, [{"number": n, "text": text, "done": n != 3} for n, text in enumerate(_ITEMS, 1)]),
    ),
    **_group(
        "relay",
        title=(T, "卡口值守表扬"),
        body=(T, "你们守卡认真，市里通报表扬"),
        members=(N, 47),
        relayed=(N, 43, "?"),
        told=(N, 21034),
        units_total=(N, 514),
        units_relayed=(N, 489),
        units_silent=(N, 21),
        units_failed=(N, 4),
        silent_names=(L, [_VILLAGE, "御营村", "泗塘村", "岐元村", "密东村"] * 4),
        reply_by=(D, "2026-11-23T14:00:00Z", "?"),
        broadcast=(N, 12),
    ),
    **_group(
        "offices",
        office=(T, "副书记"),
        titular_name=(T, _NAME, "?"),
        titular_phone=(P, _PHONE, "?"),
        acting_name=(T, _NAME, "?"),
        since=(D, "2026-11-23T12:00:00Z"),
        acting_until=(D, "2026-12-05T12:00:00Z", "?"),
        order=(T, "街道〔2026〕12号", "?"),
        suspended_until=(D, "2026-12-05T12:00:00Z", "?"),
        decider_name=(T, _NAME, "?"),
        decider_phone=(P, _PHONE, "?"),
    ),
    **_group(
        "outlook",
        hours_ahead=(N, 48),
        gaps=(L, [_LINE] * 9),
        gaps_total=(N, 121, "?"),
        towns=(L, [{"name": "乐成新街道", "count": 12}] * 9),
        morning=(F, True),
        on_duty=(L, [_LINE] * 4),
        shifts_total=(N, 1028),
        shifts_short=(N, 121),
        open_cases=(L, [_LINE] * 9),
        open_total=(N, 121),
        missed=(L, [_LINE] * 9),
        missed_total=(N, 121),
        unsigned=(L, [_LINE] * 9),
        unsigned_total=(N, 121),
        unverified=(L, [_LINE] * 9),
        unverified_total=(N, 121),
        people_total=(N, 120),
        stand_ins=(L, [_NAME, "王建国", "王建军"]),
        kinds=(L, ["缺岗", "清单未签", "清单未核实", "未转达"]),
        kind=(T, "清单未核实"),
        lost_channels=(L, ["Telegram", "短信"]),
        reached=(F, True),
    ),
    **_group(
        "general",
        words=(T, "药没了，孩子发烧，能不能帮忙买点退烧药送到村口"),
        sender_name=(T, _NAME, "?"),
        sender_phone=(P, _PHONE, "?"),
        at=(D, "2026-11-23T12:03:00Z"),
        open_list=(L, [{"number": 827 + n, "text": f"{_VILLAGE}卡口20:00缺2人"} for n in range(5)]),
        asked=(
            L,
            [
                {"number": 827 + n, "text": f"{_VILLAGE}9项清单未签", "who": _NAME, "phone": _PHONE}
                for n in range(40)
            ],
        ),
        held_back=(L, [{"text": f"827 {_VILLAGE}卡口今晚20:00请到岗。" * 3} for _ in range(20)]),
        numbers=(L, [{"number": 827 + n, "hint": f"今晚卡口：到岗{827 + n}"} for n in range(5)]),
        names=(L, [_NAME, "王建国", "王建军"]),
        minutes=(N, 20, "?"),
        word=(T, "收到", "?"),
        phone=(P, _PHONE, "?"),
        bot_name=(T, "yueqing_duty_bot", "?"),
        person_name=(T, _NAME),
        code=(X, "1234 5678"),
        link=(X, "https://zhishou.leqing.example.com/console/in/AbCdEfGhIjKlMnOpQrStUvWx", "?"),
        until=(D, "2026-11-24T12:00:00Z"),
        valid_until=(T, "2026-12-07 20:00"),
        page=(N, 12),
        pages=(N, 12),
        language=(T, "中文"),
    ),
}
"""Every name that a template may use."""

WORST_CASE: Mapping[str, object] = {name: value.worst for name, value in VOCABULARY.items()}
"""Values that every text must hold within its limit."""
