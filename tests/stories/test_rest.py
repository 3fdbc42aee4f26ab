"""Rest: who came off a shift is called last, and whoever was woken is not woken twice."""

from pathlib import Path

from tests.stories.harness import ONE_POST, duty_station
from tests.stories.test_duty_escalation import EVENING, at

AFTERNOON = "BS01-G1,2026-11-23 16:00,2026-11-23 20:00,p12\n"
"""周丽华's own shift, just before 郑秀英's."""

HEAD = "post,start,end,people\n"


def with_shift(row: str) -> dict[str, dict[str, str]]:
    """The city with one more shift."""
    return {"shifts.csv": {**ONE_POST["shifts.csv"], HEAD: HEAD + row}}


async def test_whoever_came_off_a_shift_is_called_in_a_second_round_only(
    tmp_path: Path, database_url: str
) -> None:
    async with duty_station(tmp_path, database_url, edits=with_shift(AFTERNOON)) as station:
        await station.until_civil("15:50")
        await station.phone("p12").replies("到岗")
        await station.until_civil("21:36")
        case = await station.case(EVENING)
        events = await station.trace(case)
        assert at(events, "called") == [
            ("20:10", "p14"),
            ("20:15", "p11"),
            ("20:25", "p02"),
            ("20:40", "p01"),
            ("21:25", "p12"),
        ]
        assert ("p12", "resting") in await station.reasons(case, "passed_over")
        assert ("p12", "step 3, second round") in await station.reasons(case, "called")
        assert at(events, "exhausted") == [("21:35", None)]
