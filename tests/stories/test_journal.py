"""The journal holds what was decided and what people said; what became of messages is the trace's."""

from tests.stories.harness import Station

FATES = {"sent", "delivered", "failed", "expired", "uncertain", "withheld", "withdrawn"}


async def test_no_fate_of_a_message_is_written_down_and_the_trace_tells_it(either_station: Station) -> None:
    station = either_station
    await station.until_civil("20:16")
    await station.phone("p11").taps("收到")
    await station.phone("p14").replies("到岗")
    case = await station.case()
    written = {line.event for line in await station.journal(case.subject)}
    told = {event for event, _ in await station.events(case)}
    assert {"opened", "called", "acknowledged", "on_post", "resolved"} <= written
    assert not written & FATES
    assert {"sent", "delivered"} <= told
