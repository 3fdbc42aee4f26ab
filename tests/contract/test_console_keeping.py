"""How long it is kept who asked to come in, who did, who was given rights by hand, and tokens."""

from datetime import timedelta

from notifier.domain.access import SEE_ONLY, Grant, Limit
from notifier.store.database import Database
from notifier.store.rows import ApiToken, SignIn
from notifier.store.tables import api_answers, api_tokens, grants, sessions, sign_ins
from tests.contract.store_city import ANN, EVA, NOW, V1
from tests.contract.test_store_keep_retention import DAY, forgotten, rows

MINUTE = timedelta(minutes=1)


async def fill(database: Database) -> None:
    """Two of each; the later ones are the newest rows, which stay so that no number means two things."""
    async with database.write() as tx:
        for n in range(2):
            asking = SignIn(
                person=ANN, asked_at=NOW, expires_at=NOW + 5 * MINUTE, tries_left=5, limited=False
            )
            await tx.sign_ins.add(asking, asked_hash="a", address_hash="b", ticket_hash=f"t{n}")
            await tx.sessions.begin(f"s{n}", ANN, "Firefox", NOW)
            grant = Grant(
                id=0, person=ANN, unit=V1, rights=SEE_ONLY, by=EVA, reason="r", since=NOW, until=NOW + DAY
            )
            await tx.grants.add(grant)
            token = ApiToken(
                id=n,
                person=ANN,
                label="l",
                limit=Limit(rights=SEE_ONLY),
                by=EVA,
                created_at=NOW,
                until=NOW + 365 * DAY,
            )
            assert await tx.api_tokens.add(f"h{n}", token) == n + 1
            assert await tx.api_answers.claim(token, "k", "POST /", "b", NOW + n * DAY) is None
        assert await tx.api_tokens.revoke(1, NOW)


async def test_each_is_forgotten_in_its_time(database: Database) -> None:
    await fill(database)
    assert await forgotten(database, NOW + DAY) == {}
    assert await forgotten(database, NOW + DAY + 6 * MINUTE) == {"sign_ins": 1, "api_answers": 1}
    assert await forgotten(database, NOW + 31 * DAY) == {"sessions": 1, "api_answers": 1, "api_tokens": 1}
    assert await forgotten(database, NOW + 1201 * DAY) == {}
    assert await forgotten(database, NOW + 1202 * DAY) == {"grants": 1}
    assert await rows(database, sign_ins.c.ticket_hash) == ["t1"]
    assert await rows(database, sessions.c.token_hash) == ["s1"]
    assert await rows(database, grants.c.id) == [2]
    assert await rows(database, api_tokens.c.token_hash) == ["h1"]
    assert await rows(database, api_answers.c.token) == []
