"""A network with its weights, read from and written to ncnn's two files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import zip_longest
from pathlib import Path
from types import MappingProxyType
from typing import Any

from numpy.typing import NDArray

from workbench.errors import GraphError
from workbench.formats.param import format_param, layer_lines, read_param, write_param
from workbench.formats.weights import Weight, Weights, format_weights, read_weights, write_weights
from workbench.graph import Graph, Layer
from workbench.ops import Shape, check, op_of, shapes, weights

QUANTIZABLE = frozenset({"Convolution", "ConvolutionDepthWise", "InnerProduct"})


@dataclass(frozen=True)
class Model:
    """A network with its weights.

    Attributes:
        graph: the layers.
        weights: the arrays of each layer that has some, by the layer's name.
        param_path: the .param file it was read from, as it was given, or None.
        bin_path: the .bin file it was read from, as it was given, or None.
    """

    graph: Graph
    weights: Mapping[str, tuple[Weight, ...]]
    param_path: str | Path | None = None
    bin_path: str | Path | None = None

    @property
    def rest(self) -> bytes:
        """Bytes of the .bin file whose layers are not known; they are written back."""
        return self.weights.rest if isinstance(self.weights, Weights) else b""

    @cached_property
    def param_text(self) -> str:
        """The text of the .param file; FormatError if the format cannot hold a name or a value."""
        return format_param(self.graph)

    @cached_property
    def sha256(self) -> str:
        """Hash of the text of the .param file and the bytes of the .bin file."""
        digest = sha256(self.param_text.encode("utf-8"))
        for part in format_weights(self.graph, self.weights):
            digest.update(part)
        return digest.hexdigest()

    @cached_property
    def unknown_types(self) -> tuple[str, ...]:
        """The layer types that the workbench does not know, in order."""
        found = (layer.type for layer in self.graph.layers if op_of(layer) is None)
        return tuple(dict.fromkeys(found))

    @cached_property
    def quantizable(self) -> tuple[Layer, ...]:
        """The layers that can run in int8: those of `QUANTIZABLE` types whose weights are here."""
        layers = self.graph.layers
        return tuple(
            layer for layer in layers if layer.type in QUANTIZABLE and layer.name in self.weights
        )

    def weight(self, layer_name: str, weight_name: str) -> NDArray[Any]:
        """Return one array of a layer's weights.

        Args:
            layer_name: the layer.
            weight_name: the array, e.g. "weight" or "bias" (`workbench.ops` names them).

        Returns:
            float32 (int8 if it is so in the file), read-only, in its shape: that of the weights
            of a Convolution is (num_output, channels, kernel_h, kernel_w).

        Raises:
            GraphError: there is no such layer, or it has no such weights.
        """
        for weight in self.weights.get(layer_name, ()):
            if weight.name == weight_name:
                specs = weights(self.graph.by_name[layer_name])
                shape = next(spec.shape for spec in specs if spec.name == weight_name)
                return weight.array.reshape(shape)
        raise GraphError(f"no weights named {weight_name!r} here", where=f"layer {layer_name}")


def load_model(param: str | Path, bin: str | Path) -> Model:
    """Read a network and check all that can be checked without running it.

    Args:
        param: the .param file.
        bin: the .bin file.

    Returns:
        The network. A layer of a type that the workbench does not know is kept; see
        `Model.unknown_types`.

    Raises:
        FormatError: a file cannot be read, is not of its format, or the two do not belong
            together; names file, line or byte, and layer.
        GraphError: the layers do not fit together, or ncnn would refuse or misread one.
    """
    graph, name = read_param(param), Path(param).name
    blob_shapes(graph, name=name)
    if not graph.inputs:
        problem, advice = "the network has no Input layer", "Nothing can be fed: add one."
        raise GraphError(problem, where=name, advice=advice)
    return Model(graph, read_weights(graph, bin), param, bin)


def save_model(model: Model, param: str | Path, bin: str | Path) -> None:
    """Write a network; one that was read and not changed is the same to the byte.

    Args:
        model: the network.
        param: the .param file, which is replaced if it exists.
        bin: the .bin file, which is replaced if it exists.

    Raises:
        FormatError: a value does not fit the format, or a file cannot be written.
    """
    text = model.param_text  # raises before the first file is replaced, not between the two
    write_weights(model.graph, model.weights, bin)
    write_param(text, param)


def blob_shapes(
    graph: Graph, inputs: Mapping[str, Shape] | None = None, name: str = ""
) -> Mapping[str, Shape]:
    """Check each layer, and find the shape of each blob as far as it is known without running.

    Args:
        graph: the network.
        inputs: the shapes of what will be fed, by the blob's name. Without it only the channels
            that the Input layers declare are known, for height and width may vary.
        name: what error messages call the network's .param file.

    Returns:
        The shape of each blob, the slowest axis first, e.g. (channels, height, width); None
        for a length, or for the whole, that is not known.

    Raises:
        GraphError: ncnn would refuse a layer, misread it, or read beyond its weights.
    """
    found: dict[str, Shape] = {}
    lines = layer_lines(graph.source) if name else ()
    for layer, line in zip_longest(graph.layers, lines):
        try:
            check(layer)
            tops = shapes(layer, [found[bottom] for bottom in layer.bottoms])
        except GraphError as error:
            where = f"{name}:{line}, {error.where}" if name else error.where
            raise GraphError(error.problem, where=where, advice=error.advice) from None
        found.update(zip(layer.tops, tops, strict=True))
        if layer.type == "Input" and inputs:
            found.update({top: inputs[top] for top in layer.tops if top in inputs})
    return MappingProxyType(found)
