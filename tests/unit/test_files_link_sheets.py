"""Sheets of links: rare characters, long names, many pages; drawn and read again."""

from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

from notifier.errors import InputError
from notifier.files.link_sheets import (
    A_PAGE,
    CARD_HEIGHT,
    CARD_WIDTH,
    MARGIN,
    PAGE_HEIGHT,
    TOP,
    Card,
    Hints,
    Section,
    write_link_sheets,
)
from notifier.files.typefaces import NO_GLYPH, Run, Typefaces

HINTS = Hints(main=["用手机扫码，按 START（开始）。", "此码只给本人。"], small=["It is yours alone."])
RARE = "𠮷"


def font_with(path: Path, *characters: str) -> Path:
    """A font that has these characters, as boxes, and no others."""
    names = {ord(character): f"u{ord(character):X}" for character in characters}
    pen = TTGlyphPen(None)
    for number, corner in enumerate(((100, 0), (100, 700), (800, 700), (800, 0))):
        (pen.lineTo if number else pen.moveTo)(corner)
    pen.closePath()
    box = pen.glyph()
    glyphs = [".notdef", *names.values()]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(glyphs)
    builder.setupCharacterMap(names)
    builder.setupGlyf(dict.fromkeys(glyphs, box))
    builder.setupHorizontalMetrics(dict.fromkeys(glyphs, (900, 100)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Rare", "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=800, usWinAscent=800, usWinDescent=200)
    builder.setupPost()
    builder.save(path)
    return path


def section(*names: str) -> Section:
    cards = [
        Card(id=f"p{number}", name=name, url=f"https://t.me/yueqing_duty_bot?start={'k' * 22}{number:02}")
        for number, name in enumerate(names)
    ]
    return Section(
        place="岐元村", cards=cards, heading=lambda page, pages: (f"岐元村 {page}/{pages}", "page")
    )


def read(path: Path) -> list[tuple[str, list[str]]]:
    """Each page's text, and its codes in the order in which they stand, row by row."""
    document = pypdfium2.PdfDocument(path)
    found = []
    for page in document:
        codes = zxingcpp.read_barcodes(page.render(scale=150 / 72).to_pil())
        codes.sort(key=lambda code: (round(code.position.top_left.y / 100), code.position.top_left.x))
        text = page.get_textpage()
        found.append((text.get_text_bounded(), [code.text for code in codes]))
        text.close()
        page.close()
    document.close()
    return found


def test_every_code_stands_beside_its_name_and_pages_are_counted(tmp_path: Path) -> None:
    told = section(*(f"王小{number}" for number in range(A_PAGE + 3)))
    made = []
    write_link_sheets(tmp_path / "a.pdf", [told], HINTS, Typefaces(places=()), lambda: made.append(1))
    pages = read(tmp_path / "a.pdf")
    assert [codes for _, codes in pages] == [
        [card.url for card in told.cards[:A_PAGE]],
        [card.url for card in told.cards[A_PAGE:]],
    ]
    assert ["1/2" in pages[0][0], "2/2" in pages[1][0]] == [True, True]
    assert len(made) == A_PAGE + 3
    assert "王小12" in pages[1][0]


def test_each_section_begins_on_a_page_of_its_own(tmp_path: Path) -> None:
    write_link_sheets(tmp_path / "a.pdf", [section("甲"), section("乙", "丙")], HINTS, Typefaces(places=()))
    assert [len(codes) for _, codes in read(tmp_path / "a.pdf")] == [1, 2]


def test_a_long_name_stays_on_its_card_and_the_code_is_still_read(tmp_path: Path) -> None:
    long = ["买买提·吐尔逊·阿卜杜热依木·穆罕默德艾力·伊斯拉木江", "Christopher " * 20, "长" * 300, ""]
    write_link_sheets(tmp_path / "a.pdf", [section(*long)], HINTS, Typefaces(places=()))
    [(text, codes)] = read(tmp_path / "a.pdf")
    assert len(codes) == 4
    assert "买买提·吐尔逊" in text
    assert "…" in text


@pytest.mark.parametrize("times", [1, 2, 20])
def test_what_stands_on_a_card_stays_on_it(tmp_path: Path, times: int) -> None:
    hints = Hints(main=["用手机扫码，在 Telegram 里点 START。"] * times, small=["It is yours alone."] * times)
    long = [
        "买买提·吐尔逊·阿卜杜热依木·穆罕默德艾力",
        "长" * 99,
        "Christopher Montgomery-Featherstonehaugh",
        "W" * 60,
    ]
    names = ["欧阳建国", *long] * 2
    write_link_sheets(tmp_path / "a.pdf", [section(*names)], hints, Typefaces(places=()))
    document = pypdfium2.PdfDocument(tmp_path / "a.pdf")
    page = document[0]
    text = page.get_textpage()
    for number in range(text.count_chars()):
        left, bottom, right, top = (point / 72 * 25.4 for point in text.get_charbox(number))
        upper, lower = PAGE_HEIGHT - top, PAGE_HEIGHT - bottom
        if right > left and lower > TOP:
            assert int((upper - TOP) / CARD_HEIGHT) == int((lower - TOP) / CARD_HEIGHT)
            assert int((left - MARGIN) / CARD_WIDTH) == int((right - MARGIN) / CARD_WIDTH)
    text.close()
    page.close()
    document.close()


def test_a_rare_character_comes_from_the_first_font_that_has_it(tmp_path: Path) -> None:
    chosen = font_with(tmp_path / "chosen.ttf", "㛃")
    place = font_with(tmp_path / "place.ttf", "㛃", RARE)
    faces = Typefaces(chosen, places=[tmp_path / "nowhere.ttf", place])
    assert faces.runs(f"周㛃{RARE}") == [
        Run(face=0, text="周"),
        Run(face=1, text="㛃"),
        Run(face=2, text=RARE),
    ]
    assert faces.missing(f"周㛃{RARE}") == ""
    write_link_sheets(tmp_path / "a.pdf", [section(f"周㛃{RARE}")], HINTS, faces)
    assert f"周㛃{RARE}" in read(tmp_path / "a.pdf")[0][0].replace("\r\n", "")


def test_what_no_font_has_is_printed_as_a_box_and_told(tmp_path: Path) -> None:
    faces = Typefaces(places=())
    assert faces.missing(f"{RARE}王{RARE}㛃") == f"{RARE}㛃"
    write_link_sheets(tmp_path / "a.pdf", [section(f"王{RARE}")], HINTS, faces)
    assert f"王{NO_GLYPH}" in read(tmp_path / "a.pdf")[0][0]


def test_other_fonts_are_not_opened_for_common_names(tmp_path: Path) -> None:
    broken = tmp_path / "broken.ttf"
    broken.write_text("no font")
    faces = Typefaces(places=[broken])
    assert faces.missing("欧阳建国 Wang·Jianguo（一）") == ""
    assert len(faces.opened) == 1


@pytest.mark.parametrize("text", ["no font", ""])
def test_a_file_that_is_no_font_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.ttf").write_text(text)
    with pytest.raises(InputError, match=r"a\.ttf cannot be used as a font \(it is no font\); give a \.ttf"):
        Typefaces(tmp_path / "a.ttf")
    with pytest.raises(InputError, match="No such file"):
        Typefaces(tmp_path / "b.ttf")
