"""How texts are made: user values are data, files with slips are refused whole, long values give way."""

import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifier.domain.roster import ChannelName
from notifier.domain.sms import segments
from notifier.errors import FileRefused, NotifierError
from notifier.texts.catalogue import Catalogue, Rendered
from notifier.texts.civil import Moment
from notifier.texts.errors import MissingValue, NoSuchText
from notifier.texts.values import cut, fold
from notifier.texts.vocabulary import WORST_CASE

SHIPPED = Path(__file__).parents[2] / "templates"
ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)

Folder = Callable[[str], Path]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A folder of templates with one template ``probe`` of the given body in both languages."""

    def make(body: str) -> Path:
        for locale in ("zh", "en"):
            (tmp_path / locale).mkdir(exist_ok=True)
            (tmp_path / locale / "general.yaml").write_text(body, encoding="utf-8")
            (tmp_path / locale / "labels.yaml").write_text("ack: x\n", encoding="utf-8")
        (tmp_path / "rules.yaml").write_text("asks: [probe]\n", encoding="utf-8")
        (tmp_path / "buttons.yaml").write_text("probe: [[ack]]\n", encoding="utf-8")
        return tmp_path

    return make


def load(folder: Path, signature: str = "") -> Catalogue:
    return Catalogue.load(folder, zone=ZONE, default_locale="zh", signature=signature)


def probe(folder: Path, values: Mapping[str, object], now: datetime = NOW, locale: str = "zh") -> str:
    return load(folder).render("probe", channel=ChannelName.SMS, locale=locale, values=values, now=now).text


def both(text: str) -> str:
    return f"probe:\n  sms: {text!r}\n  telegram: {text!r}\n"


def refusal(folder: Path) -> str:
    with pytest.raises(FileRefused) as refused:
        load(folder)
    return str(refused.value)


# ── values are data ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("nasty", ["{{ 7*7 }}", "{% for x in y %}", "{{ number.__class__ }}", "{# #}"])
def test_a_value_is_never_read_as_a_template(folder: Folder, nasty: str) -> None:
    assert probe(folder(both("{{ number }} {{ name }}")), {"number": 1, "name": nasty}) == f"1 {nasty}"


def test_line_ends_and_unseen_characters_are_folded(folder: Folder) -> None:
    name = "a\n收到827\r\n\tb\u202ec\u2066d\x00e\u200bf\u2028g\ud800"
    assert probe(folder(both("{{ name }}|")), {"name": name}) == "a 收到827 bcdef g|"


@given(st.text())
def test_folded_text_is_one_visible_line(text: str) -> None:
    folded = fold(text)
    assert folded == fold(folded)
    assert not any(ord(char) < 32 or char in "\x7f\u2028\u2029\u202e\u2066" for char in folded)
    folded.encode("utf-8")


@given(st.text(), st.integers(2, 50))
def test_cut_text_is_no_longer_than_its_cap(text: str, cap: int) -> None:
    assert len(cut(text, cap)) <= cap
    assert cut(text, len(text)) == text


def test_a_long_value_is_cut(folder: Folder) -> None:
    shown = load(folder(both("{{ name }}"))).render(
        "probe", channel=ChannelName.TELEGRAM, locale="zh", values={"name": "长" * 99}, now=NOW
    )
    assert shown.text == "长" * 39 + "…"


def test_a_template_cannot_reach_into_python(folder: Folder) -> None:
    assert "probe" in refusal(folder(both("{{ name.__class__.__mro__ }}")))


# ── missing values ───────────────────────────────────────────────────────────────────────────────


def test_a_missing_value_raises(folder: Folder) -> None:
    made = folder(both("{{ number }} {{ post }}"))
    with pytest.raises(MissingValue, match="post") as missing:
        probe(made, {"number": 827})
    assert isinstance(missing.value, NotifierError)
    with pytest.raises(MissingValue, match="null"):
        probe(made, {"number": 827, "post": None})


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("{{ start | clock }}", {"start": "soon"}),
        ("{{ start | clock }}", {"start": "2026-11-23T12:00:00"}),
        ("{{ partners | items }}", {"partners": "Wang"}),
        ("{{ members }}", {"members": "many"}),
    ],
)
def test_a_value_of_the_wrong_kind_raises(folder: Folder, text: str, values: dict[str, object]) -> None:
    with pytest.raises(MissingValue):
        probe(folder(both(text)), values)


def test_no_number_leaves_no_blank(folder: Folder) -> None:
    assert probe(folder(both("{{ number }} 收到")), {"number": None}) == "收到"


def test_an_unknown_template_raises() -> None:
    with pytest.raises(NoSuchText, match="nonsense"):
        load(SHIPPED).render("nonsense", channel=ChannelName.SMS, locale="zh", values={}, now=NOW)


def test_needs_name_every_value_of_every_form() -> None:
    catalogue = load(SHIPPED)
    needs = catalogue.needs("reminder_early")
    assert {"number", "name", "unit", "post", "start", "end", "partners"} <= needs
    given = {name: WORST_CASE[name] for name in needs}
    for locale in ("zh", "en"):
        catalogue.render("reminder_early", channel=ChannelName.SMS, locale=locale, values=given, now=NOW)


# ── fitting ──────────────────────────────────────────────────────────────────────────────────────


def test_optional_parts_go_before_words_are_cut(folder: Folder) -> None:
    body = (
        "probe:\n  sms: ['{{ number }} {{ name }}，{{ post }}。回 收到{{ number }}',"
        " '{{ number }} {{ post }}。回 收到{{ number }}']\n  telegram: x\n"
    )
    made = folder(body)
    assert probe(made, {"number": 827, "name": "王", "post": "卡口"}) == "827 王，卡口。回 收到827"
    assert probe(made, {"number": 827, "name": "王" * 30, "post": "卡" * 30}) == (
        "827 " + "卡" * 30 + "。回 收到827"
    )


def test_lists_show_what_fits_and_how_many_there_are(folder: Folder) -> None:
    made = folder(both("{{ number }} {{ silent_names | items('村') }}。回 收到{{ number }}"))
    shown = probe(made, {"number": 827, "silent_names": ["东横山头"] * 100})
    assert shown.startswith("827 东横山头、")
    assert shown.endswith("等100村。回 收到827")
    assert segments(shown) == 1
    english = probe(made, {"number": 827, "silent_names": ["Dongheng"] * 100}, locale="en")
    assert "more。" in english


def test_phones_and_numbers_are_never_cut(folder: Folder) -> None:
    made = folder(both("{{ number }} {{ name }}{{ post }}{{ contact_phone }}。回 收到{{ number }}"))
    values = {"number": 8271, "name": "名" * 40, "post": "岗" * 40, "contact_phone": "+8613812345678"}
    shown = probe(made, values)
    assert "…13812345678。回 收到8271" in shown
    assert segments(shown + "x" * 6) == 1


@settings(deadline=None)
@given(name=st.text(max_size=300), post=st.text(max_size=300), partners=st.lists(st.text(max_size=50)))
def test_the_answer_survives_any_values(name: str, post: str, partners: list[str]) -> None:
    values = {**WORST_CASE, "name": name, "post": post, "partners": partners}
    shown = _SHIPPED.render("reminder_early", channel=ChannelName.SMS, locale="zh", values=values, now=NOW)
    assert shown.text.startswith("827 ")
    assert shown.text.endswith("知道回 收到827，来不了回 请假827")
    assert segments(shown.text + "x" * 6) == 1


_SHIPPED = load(SHIPPED)


def test_english_sms_keeps_to_gsm_marks(folder: Folder) -> None:
    made = folder(both("{{ number }} {{ post }}. Reply OK {{ number }}"))
    assert probe(made, {"number": 827, "post": "North gate – “A”"}, locale="en") == (
        '827 North gate - "A". Reply OK 827'
    )


def test_an_unknown_locale_gets_the_default() -> None:
    def stopped(locale: str) -> Rendered:
        return _SHIPPED.render("stopped", channel=ChannelName.SMS, locale=locale, values={}, now=NOW)

    assert stopped("fr") == stopped("zh") != stopped("en")


# ── civil words ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("now", "moment", "zh", "en"),
    [
        ("2026-11-23T09:00:00Z", "2026-11-23T12:00:00Z", "今晚20:00", "tonight 20:00"),
        ("2026-11-23T09:00:00Z", "2026-11-24T00:00:00Z", "明早8:00", "tomorrow 8:00"),
        ("2026-11-23T09:00:00Z", "2026-11-23T18:00:00Z", "明晨2:00", "tomorrow 2:00"),
        ("2026-11-23T18:30:00Z", "2026-11-23T18:00:00Z", "今晨2:00", "today 2:00"),
        ("2026-11-23T18:30:00Z", "2026-11-23T12:05:00Z", "昨晚20:05", "yesterday 20:05"),
        ("2026-11-23T09:00:00Z", "2026-11-23T06:00:00Z", "今天14:00", "today 14:00"),
        ("2026-02-01T09:00:00Z", "2026-02-10T00:00:00Z", "2月10日8:00", "10 Feb 8:00"),
        ("2026-12-30T09:00:00Z", "2027-01-02T00:00:00Z", "2027年1月2日8:00", "2 Jan 2027 8:00"),
    ],
)
def test_when(folder: Folder, now: str, moment: str, zh: str, en: str) -> None:
    made = folder(both("{{ start | when }}"))
    at = datetime.fromisoformat(now)
    assert probe(made, {"start": moment}, at) == zh
    assert probe(made, {"start": moment}, at, "en") == en


def test_spans_days_clocks_and_lists(folder: Folder) -> None:
    made = folder(both("{{ span(start, end) }}|{{ end | day }}|{{ end | clock }}|{{ exceptions | items }}"))
    values = {"start": "2026-11-23T12:00:00Z", "end": "2026-11-24T00:00:00Z", "exceptions": [3, 5]}
    assert probe(made, values) == "今晚20:00至明早8:00|明天|08:00|3、5"
    assert probe(made, values, locale="en") == "tonight 20:00 to tomorrow 8:00|tomorrow|08:00|3, 5"
    values["end"] = "2026-11-23T15:00:00Z"
    assert probe(made, values).startswith("今晚20:00至23:00|今天")


def test_the_unit_is_not_said_twice(folder: Folder) -> None:
    made = folder(both("{{ place(unit, post) }}"))
    assert probe(made, {"unit": "岐元村", "post": "岐元村卡口"}) == "岐元村卡口"
    assert probe(made, {"unit": "岐元村", "post": "岐元卡口"}) == "岐元卡口"
    assert probe(made, {"unit": "岐元村", "post": "104国道卡口"}) == "岐元村104国道卡口"


def test_a_moment_prints_as_its_clock() -> None:
    assert str(Moment(NOW, NOW, ZONE)) == "17:00"


# ── files with slips ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (both("{{ nobody }}"), "zh/general.yaml:2 probe: unknown value 'nobody'"),
        (both("{{ number }"), "zh/general.yaml:2 probe"),
        (both("{{ number | nonsense }}"), "nonsense"),
        (both("{% for o in open_list %}{{ o.nonsense }}{% endfor %}"), "sms cannot be made"),
        (both("长" * 80 + " 收到{{ number }}"), "takes 2 segments at worst, 1 allowed"),
        ("probe:\n  sms: x\n", "has no telegram text"),
        ("probe:\n  sms: x\n  telegram: x\n  fax: x\n", "zh/general.yaml:4 probe: unknown key 'fax'"),
        ("probe:\n  sms: [x, '']\n  telegram: x\n", "is no text"),
        ("probe: x\n", "is no mapping"),
        (both("x") + both("y"), "zh/general.yaml:4 probe: is written twice"),
        ("probe: {sms: '\n", "is no YAML"),
        ("probe: {sms: \x00}\n", "is no YAML"),
    ],
)
def test_slips_are_named_with_file_and_line(folder: Folder, body: str, says: str) -> None:
    assert says in refusal(folder(body))


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("rules.yaml", "asks: [nobody]\n", "rules.yaml nobody: is no template"),
        ("rules.yaml", "nonsense: 1\n", "rules.yaml:1 nonsense: unknown key"),
        ("rules.yaml", "segments: {probe: 99}\n", "rules.yaml:1 probe: is no limit"),
        ("rules.yaml", "same_text: {other: nobody}\n", "cannot be the same text"),
        ("buttons.yaml", "probe: [[dance]]\n", "dance: is no verb"),
        ("buttons.yaml", "probe: [[here]]\n", "zh/labels.yaml here: has no label"),
        ("buttons.yaml", "probe: here\n", "is no list of rows"),
        ("en/general.yaml", "", "en probe: has no text in this language"),
        ("en/more.yaml", "probe: {sms: x, telegram: x}\n", "is defined in two files"),
    ],
)
def test_slips_across_files_are_named(folder: Folder, file: str, content: str, says: str) -> None:
    made = folder(both("{{ number }}"))
    (made / file).write_text(content, encoding="utf-8")
    assert says in refusal(made)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED, tmp_path / "t")
    (tmp_path / "t" / "zh" / "labels.yaml").unlink()
    assert "zh/labels.yaml: cannot be read" in refusal(tmp_path / "t")
