"""One form of a text, compiled; and how the values are fitted into it.

The first variant that fits is taken. If none does, the shortest is: first its lists are shortened, then
its long values. Words of the template itself are never cut, so the number and the word to answer with stay.
"""

from collections.abc import Callable
from dataclasses import dataclass

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, meta, nodes
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


class Variant:
    """One wording, read and checked; compiled when it is first said, since most are seldom said."""

    __slots__ = ("_compiled", "_sandbox", "_tree")

    def __init__(self, sandbox: ImmutableSandboxedEnvironment, tree: nodes.Template) -> None:
        """``tree`` names only filters and tests that the sandbox has."""
        self._sandbox = sandbox
        self._tree = tree
        self._compiled: Template | None = None

    @property
    def template(self) -> Template:
        """The compiled wording."""
        if self._compiled is None:
            code = self._sandbox.compile(self._tree)
            self._compiled = Template.from_code(self._sandbox, code, self._sandbox.globals)
        return self._compiled


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """Variants from fullest to shortest, and every name that any of them uses."""

    variants: tuple[Variant, ...]
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


def _run(variant: Variant, context: dict[str, object], name: str) -> str:
    template = variant.template
    scope = template.new_context(context)
    try:
        return joined(template.root_render_func(scope))
    except (TemplateError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise TextError(f"text {name}: {type(error).__name__} in its template") from error


def compile_form(
    sandbox: ImmutableSandboxedEnvironment, written: Written, name: str, slips: Slips
) -> Form | None:
    """Compile all variants; None, with slips, where one is wrong."""
    variants: list[Variant] = []
    names: set[str] = set()
    for source in written.variants:
        try:
            tree = sandbox.parse(source)
            used = meta.find_undeclared_variables(tree) - sandbox.globals.keys()
            _check_tools(sandbox, tree)
            variants.append(Variant(sandbox, tree))
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


def _check_tools(sandbox: ImmutableSandboxedEnvironment, tree: nodes.Template) -> None:
    """Raises TemplateSyntaxError for a filter or test that there is not; compiling would find it too late."""
    for tool in tree.find_all((nodes.Filter, nodes.Test)):
        known = sandbox.filters if isinstance(tool, nodes.Filter) else sandbox.tests
        if tool.name not in known:
            what = "filter" if isinstance(tool, nodes.Filter) else "test"
            raise TemplateSyntaxError(f"No {what} named {tool.name!r}.", tool.lineno)
