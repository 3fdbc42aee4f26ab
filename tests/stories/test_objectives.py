"""Objectives: how soon a case was called for, taken and done. Each once a case, restarts or not."""

from notifier.domain.case import CaseState
from notifier.sandbox.faults import Carrier, FaultKind
from tests.stories.harness import Station


def observed(station: Station) -> dict[str, tuple[float, float]]:
    """How often each was observed by the process that runs now, and the seconds in all."""
    registry = station.engine.service.metrics.registry
    found = {}
    for objective in ("called", "acknowledged", "done"):
        labels = {"objective": objective, "kind": "unstaffed"}
        count = registry.get_sample_value("notifier_objective_seconds_count", labels)
        if count:
            found[objective] = (
                count,
                registry.get_sample_value("notifier_objective_seconds_sum", labels) or 0.0,
            )
    return found


async def test_each_is_observed_once_a_case(either_station: Station) -> None:
    station = either_station
    await station.until_civil("20:12")
    assert observed(station) == {"called": (1, 0.0)}
    await station.until_civil("20:16")
    assert observed(station) == {"called": (1, 0.0)}, "the second call of a case is not its first"
    await station.phone("p11").taps("收到")
    assert observed(station)["acknowledged"] == (1, 360.0)
    # His time runs out, the next takes it: the case was taken long before.
    await station.until_civil("20:37")
    await station.phone("p12").replies("收到")
    assert observed(station)["acknowledged"] == (1, 360.0)
    await station.until_civil("20:45")
    await station.phone("p14").replies("到岗")
    assert (await station.case()).state is CaseState.RESOLVED
    assert observed(station) == {"called": (1, 0.0), "acknowledged": (1, 360.0), "done": (1, 2100.0)}


async def test_a_restart_observes_nothing_again_and_misses_nothing(station: Station) -> None:
    await station.until_civil("20:12")
    await station.restarts()
    await station.until_civil("20:16")
    assert observed(station) == {}, "its first call was accepted before"
    await station.phone("p11").taps("收到")
    await station.restarts()
    await station.phone("p14").replies("到岗")
    assert list(observed(station)) == ["done"]


async def test_a_call_that_no_carrier_takes_is_no_call(station: Station) -> None:
    station.arm(Carrier.TWILIO, FaultKind.REFUSE, "p14", times=None, code=30003)
    await station.until_civil("20:14")
    assert "called" not in observed(station)
    await station.until_civil("20:16")
    assert observed(station)["called"][0] == 1
