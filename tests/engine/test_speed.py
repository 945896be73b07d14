from __future__ import annotations

import pytest

from workbench.engine.speed import Clock, time_network
from workbench.errors import EngineError, InputError


def test_a_clock_calls_the_work_for_warm_up_and_for_each_run():
    calls = []
    timing = Clock(runs=7, warm_up=3).time(lambda: calls.append(1))
    assert len(calls) == 10
    assert timing.runs == 7
    assert 0 <= timing.low_ms <= timing.median_ms <= timing.high_ms


def test_a_network_is_timed_to_its_outputs(model, arrays):
    timing = time_network(model, {"data": arrays[0]}, Clock(runs=5))
    assert 0 < timing.median_ms < 1000
    assert "ms" in str(timing)


def test_cores_that_do_not_exist_are_an_error(model, arrays):
    with pytest.raises(EngineError, match="powersave mode 9"):
        time_network(model, {"data": arrays[0]}, Clock(powersave=9))


def test_a_missing_input_is_named(model):
    with pytest.raises(InputError, match="data"):
        time_network(model, {})
