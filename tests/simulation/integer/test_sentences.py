from __future__ import annotations

from workbench.simulation.integer.sentences import of_channels, ranges


def test_one_name_for_all_channels_stands_alone():
    assert of_channels(["conv", "conv"]) == "conv"


def test_several_names_say_their_channels():
    names = ["a", "b", "a", "a", "c"]
    assert of_channels(names) == "a (channels 0, 2 to 3), b (channel 1), c (channel 4)"


def test_channels_are_written_as_ranges():
    assert ranges([3]) == "channel 3"
    assert ranges([0, 1, 2, 7]) == "channels 0 to 2, 7"
