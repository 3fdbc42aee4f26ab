"""The console, put together: who adds a subject adds one line here."""

from typing import Final

from fastapi import APIRouter

from notifier.channels.training import TrainingPhones
from notifier.engine.console.feed import Feed
from notifier.engine.console.health import Running
from notifier.engine.forecast import Pacing
from notifier.engine.linking.tokens import BotName
from notifier.engine.parts import Parts
from notifier.web.console.assets import Assets
from notifier.web.console.broadcasts import BroadcastPages
from notifier.web.console.case import CASES, CasePages
from notifier.web.console.composer import ComposerPages
from notifier.web.console.deliveries import DeliveryPages
from notifier.web.console.desk import DeskPages
from notifier.web.console.faces import Faces
from notifier.web.console.figures import FigurePages
from notifier.web.console.gap import GapPages
from notifier.web.console.journal import JournalPages
from notifier.web.console.kit import Kit
from notifier.web.console.links import LinkPages
from notifier.web.console.live import Streams
from notifier.web.console.me import MePages
from notifier.web.console.pauses import PausePages
from notifier.web.console.person import PersonPages
from notifier.web.console.person_edit import PersonEditPages
from notifier.web.console.phones import PhonePages
from notifier.web.console.render import Renderer
from notifier.web.console.roster import RosterPages
from notifier.web.console.routes import Routes
from notifier.web.console.seat import SeatPages
from notifier.web.console.settings import SettingsPages
from notifier.web.console.shift import ShiftPages
from notifier.web.console.sign_in import SignInPages
from notifier.web.console.unit import UNITS, UnitPages
from notifier.web.console.upload import UploadPages
from notifier.web.console.visit import Door
from notifier.web.console.wall import WallPages
from notifier.web.console.week import WeekPages
from notifier.web.console.words import Words

_HTTPS: Final = "https://"


def console_routers(
    parts: Parts,
    public_url: str | None,
    running: Running,
    feed: Feed,
    pacing: Pacing,
    phones: TrainingPhones | None,
    bot_name: BotName | None,
) -> tuple[APIRouter, ...]:
    """The console's routes, in order; nothing may come behind them under /console.

    ``running`` is the process that serves them; ``feed`` is what open pages look through, ``pacing`` what
    senders keep to, ``phones`` a sandbox's, ``bot_name`` what asks for the name of the bot.
    """
    assets = Assets()
    station = parts.station
    renderer = Renderer(assets, Words.load(), station.zone, station.site, trains=phones is not None)
    door = Door(parts, secure=(public_url or "").startswith(_HTTPS))
    routes = Routes(door, renderer, public_url)
    kit = Kit(parts, renderer)
    streams = Streams(door, feed)
    WallPages(kit, Faces(renderer), streams).add_to(routes)
    units = UnitPages(kit, streams)
    units.add_to(routes)
    cases = CasePages(kit, streams)
    cases.add_to(routes)
    ComposerPages(kit, pacing).add_to(routes)
    BroadcastPages(kit, streams).add_to(routes)
    DeskPages(kit).add_to(routes)
    PausePages(kit, {CASES: cases.again, UNITS: units.again}).add_to(routes)
    RosterPages(kit).add_to(routes)
    WeekPages(kit).add_to(routes)
    SeatPages(kit).add_to(routes)
    UploadPages(kit).add_to(routes)
    LinkPages(kit, bot_name).add_to(routes)
    PersonPages(kit).add_to(routes)
    PersonEditPages(kit).add_to(routes)
    GapPages(kit).add_to(routes)
    ShiftPages(kit).add_to(routes)
    DeliveryPages(kit).add_to(routes)
    FigurePages(kit).add_to(routes)
    JournalPages(kit).add_to(routes)
    SettingsPages(kit, running).add_to(routes)
    SignInPages(kit, door).add_to(routes)
    MePages(kit, door).add_to(routes)
    if phones is not None:
        PhonePages(kit, phones).add_to(routes)
    routes.close()
    return assets.router(), routes.router
