"""The caller himself: whose token it is, and what it may."""

from pydantic import BaseModel, Field

from notifier.domain.access import Right, Scope, in_order
from notifier.store.rows import ApiToken
from notifier.web.api.kit import Looking
from notifier.web.api.models import Moment
from notifier.web.api.routes import Routes, anybody


class TokenOut(BaseModel):
    """A token. ``rights`` and ``unit`` are its own limit, within what its person may."""

    id: str
    name: str
    rights: list[Right]
    unit: str | None
    created_at: Moment
    until: Moment


class Over(BaseModel):
    """Rights over a unit and all below it."""

    unit: str
    rights: list[Right]


class Me(BaseModel):
    """Who is calling. ``over`` is what is left of the person's scope within the token's limit."""

    person: str
    name: str
    token: TokenOut
    everything: bool = Field(description="Every right over the whole tree.")
    over: list[Over]


async def me(look: Looking) -> Me:
    """Whose token this is, and what may be done with it now: rights follow the person's offices."""
    caller = look.caller
    known = await look.tx.roster.people([caller.person])
    return Me(
        person=caller.person,
        name=known[caller.person].name,
        token=_token(caller.token),
        everything=caller.scope.everything,
        over=_over(caller.scope),
    )


def add_to(routes: Routes) -> None:
    """Take the operation in."""
    routes.get("/me", me, need=anybody, tag="me", summary="这枚令牌 / This token")


def _token(token: ApiToken) -> TokenOut:
    return TokenOut(
        id=str(token.id),
        name=token.label,
        rights=in_order(token.limit.rights),
        unit=token.limit.unit,
        created_at=token.created_at,
        until=token.until,
    )


def _over(scope: Scope) -> list[Over]:
    return [Over(unit=unit, rights=in_order(rights)) for unit, rights in sorted(scope.over.items())]
