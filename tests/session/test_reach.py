from __future__ import annotations

from workbench.session.reach import downstream, touched
from workbench.simulation.simulator import Simulator


def test_a_branch_reaches_what_joins_it_and_not_its_sibling(model):
    assert downstream(model.graph, {"dw"}) == {"dw", "concat", "pool", "fc", "prob"}
    assert downstream(model.graph, ()) == frozenset()


def test_a_layer_that_hands_int8_on_is_touched_by_its_readers_scale(session):
    graph, plan = session.model.graph, session.plan
    assert touched(graph, plan, plan.changed("dw", threshold=1.0)) == {"dw", "conv1"}
    assert touched(graph, plan, plan.changed("fc", threshold=1.0)) == {"fc"}
    assert touched(graph, plan, plan) == frozenset()


def test_whatever_comes_out_otherwise_was_reached(session, arrays):
    graph, plan = session.model.graph, session.plan
    run = Simulator(session.model, plan).run(arrays[0])
    for layer in session.layers:
        for change in ({"threshold": 1.0}, {"keep_float": True}):
            new = plan.changed(layer, **change)
            other = Simulator(session.model, new).run(arrays[0])
            blobs = {name for name, blob in run.blobs.items() if not blob.equals(other[name])}
            moved = {graph.producers[blob].name for blob in blobs}
            assert moved <= downstream(graph, touched(graph, plan, new))
