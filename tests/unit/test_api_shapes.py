"""What the API's page makes of schemas."""

import pytest

from notifier.web.api.docs import coded
from notifier.web.api.shapes import Schema, Shapes

SCHEMAS: Schema = {
    "Level": {"enum": ["city", "town"], "type": "string"},
    "Unit": {
        "type": "object",
        "title": "Unit",
        "description": "A unit.",
        "properties": {
            "level": {"$ref": "#/components/schemas/Level"},
            "parent": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "at": {"type": "string", "examples": ["2026-11-23T12:00:00Z"]},
            "below": {"type": "array", "items": {"$ref": "#/components/schemas/Unit"}},
            "counts": {
                "type": "object",
                "propertyNames": {"$ref": "#/components/schemas/Level"},
                "additionalProperties": {"type": "integer"},
            },
        },
    },
}
SHAPES = Shapes({"components": {"schemas": SCHEMAS}})
UNIT = {"$ref": "#/components/schemas/Unit"}


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "integer", "title": "Limit"}, "integer"),
        ({"$ref": "#/components/schemas/Level"}, "city | town"),
        ({"anyOf": [{"$ref": "#/components/schemas/Level"}, {"type": "null"}]}, "city | town | null"),
        ({"type": "string", "format": "date-time"}, "date-time"),
        ({"type": "array", "items": UNIT}, "[Unit]"),
    ],
)
def test_a_kind_is_a_word_or_its_choices(schema: Schema, kind: str) -> None:
    assert SHAPES.kind(schema) == kind


def test_an_example_has_every_part_and_an_end() -> None:
    example = SHAPES.example(UNIT, deepest=2)
    assert example == {
        "level": "city | town",
        "parent": "string | null",
        "at": "2026-11-23T12:00:00Z",
        "below": ["Unit"],
        "counts": {"city": 1, "town": 1},
    }
    assert SHAPES.about(UNIT) == "A unit."
    assert '"below": [' in SHAPES.shown(UNIT)


def test_what_stands_between_backticks_is_code_and_nothing_else_is_markup() -> None:
    assert coded("see ``a`` and `b`, <i>") == "see <code>a</code> and <code>b</code>, &lt;i&gt;"
