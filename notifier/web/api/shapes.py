"""Schemas of the description, in words and as examples: for the page, which has no script to unfold them."""

import json
from collections.abc import Mapping
from typing import Any, Final

Schema = Mapping[str, Any]

_DEEPEST: Final = 12
_MOST_CHOICES: Final = 24
_PLAIN: Final[Mapping[str, object]] = {"integer": 1, "number": 1.5, "boolean": True, "null": None}


class Shapes:
    """The schemas of one description."""

    def __init__(self, described: Schema) -> None:
        """Take the whole document."""
        self._schemas: Schema = described["components"]["schemas"]

    def kind(self, schema: Schema) -> str:
        """What a value is: its form, or what it is one of."""
        schema = self._found(schema)
        if "anyOf" in schema:
            return " | ".join(dict.fromkeys(self.kind(part) for part in schema["anyOf"]))
        if "enum" in schema:
            return " | ".join(str(value) for value in schema["enum"][:_MOST_CHOICES])
        if schema.get("type") == "array":
            return f"[{self.kind(schema['items'])}]"
        form = schema.get("type", "any")
        return str(schema.get("format") or (schema.get("title", form) if form == "object" else form))

    def about(self, schema: Schema) -> str:
        """What is said of it: its own words, or those of what a list is of."""
        schema = self._found(schema)
        return str(schema.get("description", ""))

    def shown(self, schema: Schema) -> str:
        """An example, on lines of its own."""
        return json.dumps(self.example(schema), ensure_ascii=False, indent=2)

    def example(self, schema: Schema, deepest: int = _DEEPEST) -> object:
        """A value of that shape: what is given as an example, else the kind of each part."""
        schema = self._found(schema)
        if examples := schema.get("examples"):
            return examples[0]
        if deepest == 0:
            return _PLAIN.get(str(schema.get("type")), self.kind(schema))
        if "properties" in schema:
            parts = schema["properties"].items()
            return {name: self.example(part, deepest - 1) for name, part in parts}
        if schema.get("type") == "array":
            return [self.example(schema["items"], deepest - 1)]
        if schema.get("type") == "object":
            return self._keyed(schema, deepest)
        if "anyOf" in schema:
            return self._first(schema, deepest)
        return _PLAIN.get(str(schema.get("type")), self._word(schema))

    def _keyed(self, schema: Schema, deepest: int) -> object:
        """An object of which only the kind of its values is known, or that of its names too."""
        values = schema.get("additionalProperties")
        if not isinstance(values, Mapping):
            return {}
        names = self._found(schema.get("propertyNames", {})).get("enum") or ["..."]
        return {str(name): self.example(values, deepest - 1) for name in names}

    def _first(self, schema: Schema, deepest: int) -> object:
        """Of several shapes the first, unless all of them are in a word."""
        parts = [self._found(part) for part in schema["anyOf"] if part.get("type") != "null"]
        shaped = next((part for part in parts if "properties" in part or part.get("type") == "array"), None)
        return self.kind(schema) if shaped is None else self.example(shaped, deepest - 1)

    def _word(self, schema: Schema) -> str:
        return self.kind(schema) if "enum" in schema or "format" in schema else "..."

    def _found(self, schema: Schema) -> Schema:
        reference = schema.get("$ref")
        if reference is None:
            return schema
        found: Schema = self._schemas[str(reference).rpartition("/")[2]]
        return found
