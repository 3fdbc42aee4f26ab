"""Something that somebody known did, with all that is at hand to answer it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from notifier.domain.ids import MatterId
from notifier.domain.language.model import Utterance
from notifier.domain.message import Incoming, Keyboard
from notifier.domain.roster import ChannelName, Contact, Person
from notifier.engine.intake.standing import Standing
from notifier.engine.station import Actor
from notifier.store.rows import Matter, StoredMessage
from notifier.store.tx import Tx

LONGEST_WORDS = 500
"""Of what somebody wrote, so much is kept as the reason in the journal and passed on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """``people`` share the address, the first by id foremost. ``quoted`` is the message replied to or tapped.

    ``tapped``: a button, not words. ``item`` is the inbox item's id, from which every key is made.
    """

    tx: Tx
    item: int
    incoming: Incoming
    now: datetime
    people: tuple[Person, ...]
    said: Utterance
    words: str
    standings: tuple[Standing, ...] = ()
    quoted: StoredMessage | None = None
    tapped: bool = False

    @property
    def sender(self) -> Person:
        """Who is meant where no matter tells."""
        return self.people[0]

    @property
    def channel(self) -> ChannelName:
        """The way the words came."""
        return self.incoming.channel

    @property
    def has_open(self) -> bool:
        """Whether anything asks for an answer."""
        return any(standing.view.asks for standing in self.standings)

    def actor(self, person: Person) -> Actor:
        """That person, acting by the way the words came."""
        return Actor(person=person.id, channel=self.channel)

    def standing(self, matter: MatterId | None) -> Standing | None:
        """The open matter of that id."""
        return next((s for s in self.standings if s.matter.id == matter), None)


def contact_of(incoming: Incoming) -> Contact:
    """Where an answer goes back to."""
    telegram = incoming.channel is ChannelName.TELEGRAM
    account = incoming.account if telegram else ""
    return Contact(channel=incoming.channel, account=account, address=incoming.sender)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer to somebody's own words.

    ``courtesy``: it says that nothing was changed, and is capped. ``always``: it goes out even to an address
    that was silenced (the confirmation of that, and danger).
    """

    template: str
    values: Mapping[str, object] = field(default_factory=dict)
    person: Person | None = None
    matter: Matter | None = None
    courtesy: bool = False
    always: bool = False
    keyboard: Keyboard | None = None
    edits: str | None = None
