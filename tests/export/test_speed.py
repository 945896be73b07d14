from __future__ import annotations

from dataclasses import replace

from workbench.calibration.collect import collect
from workbench.calibration.plan import calibrate
from workbench.engine.speed import Clock
from workbench.export.speed import measure_speed


def test_the_network_and_each_int8_layer_are_timed_in_both_forms(model, arrays):
    plan = calibrate(model, collect(model, arrays, progress=False)).changed("dw", keep_float=True)
    speed = measure_speed(model, plan, arrays[0], Clock(runs=5, warm_up=1))
    assert [row.layer for row in speed.layers] == ["conv1", "conv2", "fc"]
    times = [speed.float_time, speed.int8_time]
    times += [time for row in speed.layers for time in (row.float_time, row.int8_time)]
    assert all(time.median_ms > 0 and time.runs == 5 for time in times)
    assert speed.gain == speed.float_time.median_ms / speed.int8_time.median_ms
    assert "whole network" in str(speed)
    assert "whole network" in str(replace(speed, layers=()))
