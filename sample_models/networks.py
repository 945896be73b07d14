"""The three networks, in torch: small forms of MobileNetV2, ShuffleNetV2 and a plain stack.

The names of the parts become the names of the layers (`unit2.expand.conv` is `unit2_expand`).
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn


class Conv(nn.Sequential):
    """A convolution, its batch norm (the converter folds it) and perhaps an activation."""

    conv: nn.Conv2d
    norm: nn.BatchNorm2d

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int = 1,
        stride: int = 1,
        groups: int = 1,
        activation: type[nn.Module] | None = nn.ReLU,
    ) -> None:
        layers: dict[str, nn.Module] = {
            "conv": nn.Conv2d(
                inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False
            ),
            "norm": nn.BatchNorm2d(outputs),
        }
        if activation:
            layers["activation"] = activation()
        super().__init__(OrderedDict(layers))


def classifier(channels: int) -> dict[str, nn.Module]:
    """Global average pooling and one linear layer to the ten digits."""
    return {
        "pool": nn.AdaptiveAvgPool2d(1),
        "flatten": nn.Flatten(),
        "logits": nn.Linear(channels, 10),
    }


class InvertedResidual(nn.Module):
    """MobileNetV2's unit: expand 1x1, depthwise 3x3, project 1x1 (linear), add the input."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        self.expand = Conv(inputs, hidden, activation=nn.ReLU6)
        self.depthwise = Conv(hidden, hidden, 3, stride, hidden, activation=nn.ReLU6)
        self.project = Conv(hidden, outputs, activation=None)
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """Add the input where it has the output's shape."""
        y: Tensor = self.project(self.depthwise(self.expand(x)))
        return x + y if self.adds else y


class MobileNetV2(nn.Sequential):
    """A stem with stride 2 and seven inverted residuals, four of which add their input."""

    def __init__(self) -> None:
        units = [(16, 16, 1, 2), (16, 16, 1, 4), (16, 24, 2, 4), (24, 24, 1, 4),
                 (24, 32, 2, 4), (32, 32, 1, 4), (32, 32, 1, 4)]  # fmt: skip
        layers: dict[str, nn.Module] = {"stem": Conv(1, 16, 3, 2, activation=nn.ReLU6)}
        layers |= {f"unit{i}": InvertedResidual(*unit) for i, unit in enumerate(units, 1)}
        layers["head"] = Conv(32, 96, activation=nn.ReLU6)
        super().__init__(OrderedDict(layers | classifier(96)))


class ShuffleUnit(nn.Module):
    """ShuffleNetV2's unit: half of the channels pass by, half are convolved, then all are mixed."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.expand = Conv(half, half)
        self.depthwise = Conv(half, half, 3, 1, half, activation=None)
        self.project = Conv(half, half)
        self.shuffle = nn.ChannelShuffle(2)

    def forward(self, x: Tensor) -> Tensor:
        """Split the channels in the middle, change the second half, mix both."""
        kept, changed = torch.chunk(x, 2, dim=1)
        changed = self.project(self.depthwise(self.expand(changed)))
        mixed: Tensor = self.shuffle(torch.cat((kept, changed), dim=1))
        return mixed


class ShuffleDown(nn.Module):
    """ShuffleNetV2's down-sampling unit: two branches see all channels, each with stride 2."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        half = outputs // 2
        self.left_depthwise = Conv(inputs, inputs, 3, 2, inputs, activation=None)
        self.left_project = Conv(inputs, half)
        self.right_expand = Conv(inputs, half)
        self.right_depthwise = Conv(half, half, 3, 2, half, activation=None)
        self.right_project = Conv(half, half)
        self.shuffle = nn.ChannelShuffle(2)

    def forward(self, x: Tensor) -> Tensor:
        """Mix the channels of the two branches."""
        left = self.left_project(self.left_depthwise(x))
        right = self.right_project(self.right_depthwise(self.right_expand(x)))
        mixed: Tensor = self.shuffle(torch.cat((left, right), dim=1))
        return mixed


class ShuffleNetV2(nn.Sequential):
    """A stem with max pooling, then two stages: one down-sampling unit and two plain ones each."""

    def __init__(self) -> None:
        layers: dict[str, nn.Module] = {"stem": Conv(1, 24, 3), "pool1": nn.MaxPool2d(3, 2, 1)}
        for stage, inputs, outputs in ((2, 24, 48), (3, 48, 96)):
            layers[f"stage{stage}_1"] = ShuffleDown(inputs, outputs)
            layers[f"stage{stage}_2"] = ShuffleUnit(outputs)
            layers[f"stage{stage}_3"] = ShuffleUnit(outputs)
        layers["head"] = Conv(96, 128)
        super().__init__(OrderedDict(layers | classifier(128)))


class PlainCNN(nn.Sequential):
    """Five 3x3 stride-1 convolutions with ReLU, max pooling between, two linear layers.

    Channel 0 of the first two convolutions starts as a light meter, which answers to glare and not
    to ink. It is trained like all the rest; `raise_light_meter` then gives it the long tail.
    """

    conv1: Conv
    conv2: Conv
    conv3: Conv
    pool1: nn.MaxPool2d

    def __init__(self) -> None:
        layers = {
            "conv1": Conv(1, 16, 3), "pool1": nn.MaxPool2d(2),
            "conv2": Conv(16, 24, 3), "conv3": Conv(24, 24, 3), "pool2": nn.MaxPool2d(2),
            "conv4": Conv(24, 32, 3), "conv5": Conv(32, 32, 3), "pool3": nn.MaxPool2d(2),
            "flatten": nn.Flatten(),
            "hidden": nn.Linear(512, 64), "relu": nn.ReLU(), "logits": nn.Linear(64, 10),
        }  # fmt: skip
        super().__init__(OrderedDict(layers))
        # Three deviations above the mean of conv1's input is grey level 134: above all ink.
        for unit, gain, shift in ((self.conv1, 1.0, -3.0), (self.conv2, 0.1, 0.0)):
            with torch.no_grad():
                unit.conv.weight[0] = 0
                unit.conv.weight[0, 0, 1, 1] = 1
                unit.norm.weight[0], unit.norm.bias[0] = gain, shift

    @torch.no_grad()
    def raise_light_meter(self, inputs: Tensor, peak: float) -> None:
        """Scale channel 0 of conv1 and conv2 so that its largest answer to `inputs` is `peak`.

        The next convolution's weights are divided by the same factor: relu(f x) = f relu(x) for
        f > 0, so the network computes what it did. Such freedom of scale between the channels is
        what M. Nagel et al. take away in "Data-free quantization through weight equalization and
        bias correction" (2019); here it is put in.
        """
        first = self.conv1(inputs)
        second = self.conv2(self.pool1(first))
        steps = ((self.conv1, first, self.conv2), (self.conv2, second, self.conv3))
        for unit, answers, following in steps:
            factor = peak / answers[:, 0].max()
            unit.norm.weight[0] *= factor
            unit.norm.bias[0] *= factor
            following.conv.weight[:, 0] /= factor
