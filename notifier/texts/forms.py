"""One form of a text, compiled; and how the values are fitted into it.

The first variant that fits is taken. If none does, the shortest is: first its lists are shortened, then
its long values. Words of the template itself are never cut, so the number and the word to answer with stay.
"""

from collections.abc import Callable
from dataclasses import dataclass

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from notifier.texts.civil import WORDS, clock, joined, more, sentence
from notifier.texts.errors import TextError
from notifier.texts.source import Slips, Written
from notifier.texts.values import Caps, Reader, longest
from notifier.texts.vocabulary import VOCABULARY

Fits = Callable[[str], bool]
Finish = Callable[[str], str]

_SHORTEST = 2
"""A value of one character and … still says that something was there; less says nothing."""


def environment(locale: str) -> ImmutableSandboxedEnvironment:
    """A sandbox that knows this language's filters, and nothing else: no globals, no loader."""
    sandbox = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, cache_size=0)
    words = WORDS[locale]
    kept = {name: sandbox.filters[name] for name in ("join", "length", "first", "last", "default")}
    sandbox.filters = kept | {
        "when": words.when,
        "day": words.day,
        "items": words.items,
        "clock": clock,
        "more": more,
        "sentence": sentence,
    }
    sandbox.globals = {"span": words.span, "nth": words.nth, "place": words.place}
    return sandbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """Variants from fullest to shortest, and every name that any of them uses."""

    variants: tuple[Template, ...]
    names: frozenset[str]

    def render(self, reader: Reader, fits: Fits, finish: Finish) -> str:
        """The best text that fits; the shortest possible one where none does. Raises TextError."""
        full = reader.context(self.names)
        text = ""
        for variant in self.variants:
            text = finish(_run(variant, full, reader.template))
            if fits(text):
                return text
        return self._shortened(reader, fits, finish)

    def _shortened(self, reader: Reader, fits: Fits, finish: Finish) -> str:
        def at(caps: Caps) -> str:
            return finish(_run(self.variants[-1], reader.context(self.names, caps), reader.template))

        most = longest(reader.values, self.names)
        entries = _largest(lambda cap: fits(at(Caps(entries=cap))), 1, most.entries or 0)
        text = _largest(lambda cap: fits(at(Caps(entries=entries, text=cap))), _SHORTEST, most.text or 0)
        return at(Caps(entries=entries, text=text))


def _largest(good: Callable[[int], bool], low: int, high: int) -> int:
    """The largest number from ``low`` to ``high`` that is good; ``low`` where none is."""
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if good(middle) else (low, middle - 1)
    return low


def _run(variant: Template, context: dict[str, object], name: str) -> str:
    scope = variant.new_context(context)
    try:
        return joined(variant.root_render_func(scope))
    except (TemplateError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise TextError(f"text {name}: {type(error).__name__} in its template") from error


def compile_form(
    sandbox: ImmutableSandboxedEnvironment, written: Written, name: str, slips: Slips
) -> Form | None:
    """Compile all variants; None, with slips, where one is wrong."""
    variants: list[Template] = []
    names: set[str] = set()
    for source in written.variants:
        try:
            tree = sandbox.parse(source)
            used = meta.find_undeclared_variables(tree) - sandbox.globals.keys()
            variants.append(Template.from_code(sandbox, sandbox.compile(tree), sandbox.globals))
        except TemplateSyntaxError as error:
            line = written.line + error.lineno - 1
            slips.add(written.file, line, name, f"{error.message}", "check its {{ }} and {% %}")
            continue
        for unknown in sorted(used - VOCABULARY.keys()):
            slips.add(
                written.file, written.line, name, f"unknown value {unknown!r}", "see templates/README.md"
            )
        names |= used & VOCABULARY.keys()
    if len(variants) < len(written.variants):
        return None
    return Form(variants=tuple(variants), names=frozenset(names))
