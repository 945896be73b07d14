from __future__ import annotations

import pytest

from workbench.calibration.collect import collect
from workbench.calibration.inputs import ImageFolder
from workbench.calibration.plan import calibrate
from workbench.errors import InputError
from workbench.samples import sample
from workbench.simulation.accuracy import accuracy
from workbench.simulation.simulator import Simulator


@pytest.fixture
def plan(model, arrays):
    return calibrate(model, collect(model, arrays, progress=False))


def test_the_float_networks_own_answers_are_all_right(model, plan, arrays):
    reference = Simulator(model, plan, "float")
    labels = [int(reference.run(array)["prob"].real.argmax()) for array in arrays]
    result = accuracy(model, plan, arrays, labels, progress=False)
    assert result.float_top1 == 1.0
    assert result.int8_top1 == result.agreement
    assert result.images == 6
    assert len(result.disagreements) == round(6 * (1 - result.agreement))


def test_a_network_is_compared_with_itself_when_nothing_is_quantized(model, plan, arrays):
    result = accuracy(model, plan, arrays, [0] * 6, "float", progress=False)
    assert result.agreement == 1.0
    assert result.disagreements == ()


def test_minmax_loses_the_network_with_the_long_tail_and_kl_does_not():
    chosen = sample("plain_cnn")
    model, names = chosen.load(), sorted(chosen.labels)[:60]
    images = ImageFolder(chosen.heldout, **chosen.input)
    stats = collect(model, chosen.images(), progress=False)
    labels = [chosen.labels[name] for name in names]
    results = {
        method: accuracy(
            model, calibrate(model, stats, method), images[:60], labels, progress=False
        )
        for method in ("kl", "minmax")
    }
    assert results["kl"].int8_top1 >= results["kl"].float_top1 - 0.02
    assert results["minmax"].int8_top1 < 0.8


def test_of_several_outputs_one_is_named(two_headed, arrays):
    plan = calibrate(two_headed, collect(two_headed, arrays, progress=False))
    reference = Simulator(two_headed, plan, "float")
    for output in ("dw", "conv2"):
        labels = [int(reference.run(array)[output].real.argmax()) for array in arrays]
        result = accuracy(two_headed, plan, arrays, labels, output=output, progress=False)
        assert result.float_top1 == 1.0
    with pytest.raises(InputError, match=r"several outputs \(dw, conv2\)"):
        accuracy(two_headed, plan, arrays, [0] * 6, progress=False)
    with pytest.raises(InputError, match="no output fc"):
        accuracy(two_headed, plan, arrays, [0] * 6, output="fc", progress=False)


def test_labels_that_do_not_fit_are_an_error(model, plan, arrays):
    with pytest.raises(InputError, match="6 inputs and 2 labels"):
        accuracy(model, plan, arrays, [1, 2], progress=False)
    with pytest.raises(InputError, match="label 5 is no index into 5"):
        accuracy(model, plan, arrays, [5] * 6, progress=False)


def test_what_is_called_before_each_image_can_end_the_work(model, plan, arrays):
    seen = []

    def before(done):
        seen.append(done)
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        accuracy(model, plan, arrays, [0] * 6, progress=False, before=before)
    assert seen == [0, 1, 2]


def test_a_label_below_zero_is_refused(model, plan, arrays):
    with pytest.raises(InputError, match="label -1"):
        accuracy(model, plan, arrays, [0] * 5 + [-1], progress=False)
