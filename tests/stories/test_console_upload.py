"""A roster handed in on a page is planned at once, as one that is imported at the shell."""

from pathlib import Path

from notifier.web.console.visit import csrf_of
from tests.stories.browsing import console_of
from tests.stories.harness import ONE_POST, duty_station

UPLOAD = "/console/roster/upload"


async def test_a_shift_that_is_handed_in_is_watched(tmp_path: Path, database_url: str) -> None:
    """Tonight's shift is given to somebody else on a page: it is he who is reminded of it."""
    async with duty_station(tmp_path, database_url, edits=ONE_POST) as station:
        told = "post,start,end,people\nBS01-G1,2026-11-23 20:00,2026-11-24 00:00,p13\n"
        async with console_of(station, "p01") as desk:
            answer = await desk.client.post(
                UPLOAD,
                data={"csrf": csrf_of(desk.token)},
                files={"files": ("shifts.csv", told.encode())},
                headers={"Sec-Fetch-Site": "same-origin"},
            )
            assert answer.status_code == 303, answer.text
            page = await desk.sees(answer.headers["location"])
            seen = page.partition('name="seen" value="')[2].partition('"')[0]
            done = await desk.post(f"{answer.headers['location']}/apply", seen=seen)
            assert done.headers["location"] == f"{UPLOAD}?did=applied"
        await station.until_civil("19:30")
        station.phone("p13").expects("吴永明", "岐元村卡口", channel="telegram")
        station.phone("p14").never_got("到岗")
