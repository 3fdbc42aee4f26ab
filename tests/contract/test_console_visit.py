"""Who gets in, with what, and what becomes of everybody else."""

from notifier.store.database import Database
from tests.contract.console_client import Console
from tests.contract.store_city import DAN


async def test_who_has_not_signed_in_is_led_to_the_sign_in(sqlite_database: Database) -> None:
    console = await Console.open(sqlite_database)
    guest = console.guest()
    answer = await guest.get("/console")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/sign-in")
    answer = await guest.get("/console/units/V1?tab=2")
    assert answer.headers["location"] == "/console/sign-in?next=/console/units/V1%3Ftab%3D2"


async def test_who_has_signed_in_sees_the_wall(database: Database) -> None:
    console = await Console.open(database)
    dan = await console.signed_in(DAN)
    answer = await dan.get("/console")
    assert answer.status_code == 200
    assert "总览" in answer.text
