"""All texts of the program, compiled once: a template's name and values in, a text and its buttons out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from notifier.domain.roster import ChannelName
from notifier.domain.sms import segments, utf16_units
from notifier.texts.civil import WORDS
from notifier.texts.errors import NoSuchText, TextError
from notifier.texts.forms import Fits, Form, compile_form, environment
from notifier.texts.rules import Rows, Rules, check_rules, read_rules
from notifier.texts.source import Slips, Written, read_labels, read_templates
from notifier.texts.values import Reader
from notifier.texts.vocabulary import WORST_CASE

TELEGRAM_LIMIT = 4096
"""UTF-16 units of one message (Bot API, sendMessage)."""
_ONE_SEGMENT = 70
_RESERVED = "x" * 6
"""Room for a signature that a carrier adds by itself; as long as 【乐清值守】, and no reason for UCS-2."""
_PLAIN = str.maketrans({"…": "...", "’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-"})
"""Marks for which alone a Latin text would cost twice as much as SMS."""
_TRIAL = datetime(2026, 11, 23, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A text ready to send. ``buttons`` are rows of verbs, for Telegram; the engine makes callback data."""

    text: str
    buttons: Rows = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One template in one language."""

    sms: Form
    sms_no_reply: Form
    telegram: Form


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Every template in every language. Safe to share: rendering changes nothing in it."""

    zone: ZoneInfo
    default_locale: str
    signature: str
    rules: Rules
    texts: Mapping[str, Mapping[str, Text]]
    labels: Mapping[str, Mapping[str, str]]

    @classmethod
    def load(
        cls,
        folder: Path,
        *,
        zone: ZoneInfo,
        default_locale: str,
        signature: str = "",
        tried: bool = False,
    ) -> "Catalogue":
        """Read a folder of templates, and try each with worst-case values unless it is known to be ``tried``.

        ``signature`` ends every SMS. Raises FileRefused, with every bad place.
        """
        slips = Slips()
        written = {locale: read_templates(folder, locale, slips) for locale in WORDS}
        labels = {locale: read_labels(folder, locale, slips) for locale in WORDS}
        rules = read_rules(folder, slips)
        check_rules(rules, frozenset().union(*written.values()), labels, slips)
        _check_pairs(written, slips)
        slips.refuse()
        texts = {locale: _compiled(locale, written[locale], slips) for locale in WORDS}
        slips.refuse()
        for found in texts.values():
            found |= {name: found[like] for name, like in rules.alias.items()}
        catalogue = cls(
            zone=zone,
            default_locale=default_locale if default_locale in WORDS else "zh",
            signature=signature,
            rules=rules,
            texts=texts,
            labels=labels,
        )
        if not tried:
            catalogue._try_out(written, slips)
        slips.refuse()
        return catalogue

    def render(
        self,
        template: str,
        *,
        channel: ChannelName,
        locale: str,
        values: Mapping[str, object],
        now: datetime,
        can_reply: bool = True,
    ) -> Rendered:
        """The text for one person. A locale without texts gets the default one.

        Raises NoSuchText; MissingValue when a value the text may use is not given; TextError.
        """
        locale = self._locale(locale)
        text = self.texts[locale].get(template)
        if text is None:
            raise NoSuchText(template)
        reader = Reader(template=template, values=values, now=now, zone=self.zone)
        if channel is ChannelName.TELEGRAM:
            shown = text.telegram.render(reader, _fits_telegram, _as_is)
            return Rendered(text=shown, buttons=self.rules.buttons.get(template, ()))
        form = text.sms if can_reply else text.sms_no_reply
        finish = _plain if locale == "en" else _as_is
        return Rendered(text=form.render(reader, self._fits(template, locale), finish) + self.signature)

    def phrase(
        self, template: str, *, locale: str, values: Mapping[str, object], now: datetime
    ) -> dict[str, str]:
        """A part of larger texts: ``short`` for SMS, without a signature, and ``full`` for Telegram.

        Raises as ``render`` does.
        """
        text = self.texts[self._locale(locale)].get(template)
        if text is None:
            raise NoSuchText(template)
        reader = Reader(template=template, values=values, now=now, zone=self.zone)
        fits = self._fits(template, self._locale(locale))
        return {
            "short": text.sms.render(reader, fits, _as_is),
            "full": text.telegram.render(reader, _fits_telegram, _as_is),
        }

    def label(self, verb: str, locale: str) -> str:
        """What a verb's button says; the verb itself where it has no label."""
        return self.labels[self._locale(locale)].get(verb, verb)

    def names(self) -> Sequence[str]:
        """Every template's name, sorted."""
        return sorted(self.texts[self.default_locale])

    def needs(self, template: str) -> frozenset[str]:
        """Every value that any form of the template, in any language, may use. Raises NoSuchText."""
        if template not in self.texts[self.default_locale]:
            raise NoSuchText(template)
        found = [texts[template] for texts in self.texts.values()]
        used = [form.names for t in found for form in (t.sms, t.sms_no_reply, t.telegram)]
        return frozenset().union(*used) - {"now"}

    def sms_segments(self, text: str) -> int:
        """What a rendered SMS is billed as, a signature that the carrier adds included."""
        return segments(text if self.signature else text + _RESERVED)

    def _locale(self, locale: str) -> str:
        return locale if locale in self.texts else self.default_locale

    def _fits(self, template: str, locale: str) -> Fits:
        limit = self.rules.limit(template, locale)
        tail = self.signature or _RESERVED
        room = _ONE_SEGMENT - utf16_units(tail)

        def fits(text: str) -> bool:
            return utf16_units(text) <= room or segments(text + tail) <= limit

        return fits

    def _try_out(self, written: Mapping[str, Mapping[str, Mapping[str, Written]]], slips: Slips) -> None:
        for locale, templates in written.items():
            for name, forms in templates.items():
                for form, source in forms.items():
                    self._try_form(name, locale, form, source, slips)

    def _try_form(self, name: str, locale: str, form: str, source: Written, slips: Slips) -> None:
        channel = ChannelName.TELEGRAM if form == "telegram" else ChannelName.SMS
        try:
            text = self.render(
                name,
                channel=channel,
                locale=locale,
                values=WORST_CASE,
                now=_TRIAL,
                can_reply=form != "sms_no_reply",
            ).text
        except TextError as error:
            mend = "check its values and filters against templates/README.md"
            slips.add(
                source.file, source.line, name, f"{form} cannot be made ({error.__cause__ or error})", mend
            )
            return
        limit = self.rules.limit(name, locale)
        if channel is ChannelName.SMS and self.sms_segments(text) > limit:
            problem = f"{form} takes {self.sms_segments(text)} segments at worst, {limit} allowed"
            slips.add(source.file, source.line, name, problem, "shorten it, or add a shorter variant")


def _as_is(text: str) -> str:
    return text


def _plain(text: str) -> str:
    return text if text.isascii() else text.translate(_PLAIN)


def _fits_telegram(text: str) -> bool:
    return utf16_units(text) <= TELEGRAM_LIMIT


def _check_pairs(written: Mapping[str, Mapping[str, Mapping[str, Written]]], slips: Slips) -> None:
    for locale, templates in written.items():
        others = frozenset().union(*(found.keys() for found in written.values()))
        for name in sorted(others - templates.keys()):
            slips.add(locale, 0, name, "has no text in this language", f"write it in {locale}/*.yaml")


def _compiled(locale: str, templates: Mapping[str, Mapping[str, Written]], slips: Slips) -> dict[str, Text]:
    sandbox = environment(locale)
    made: dict[str, Text] = {}
    for name, forms in templates.items():
        done = {form: compile_form(sandbox, source, name, slips) for form, source in forms.items()}
        sms, telegram = done["sms"], done["telegram"]
        no_reply = done.get("sms_no_reply", sms)
        if sms and telegram and no_reply:
            made[name] = Text(sms=sms, sms_no_reply=no_reply, telegram=telegram)
    return made
