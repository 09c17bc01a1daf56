"""Write the trained encoder as an int8 ONNX graph, made of onnxruntime's fused operators.

Weights of the matrices are int8 with one scale a column, word vectors int8 with one scale a word. Activations are
quantised while running, with one scale a token: with one a tensor (onnxruntime's own dynamic quantisation), a post's
logits would depend on the posts that happen to share its batch (by .28, measured). Seven bits are used of the eight
for weights, so that processors without VNNI cannot overflow and all machines give the same integers.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from analyzer.nlp.training.finetune_encoder import Encoder

_CONTRIB = "com.microsoft"


class _Graph:
    """A growing ONNX graph: nodes and constants, each under a name."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.constant("unit.s", np.array(1 / 127, np.float32))
        self.constant("unit.z", np.array(128, np.uint8))

    def constant(self, name: str, value: np.ndarray) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, op: str, inputs: list[str], output: str, *, domain: str = "", **attributes: Any) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(op, inputs, [output], name=output, domain=domain, **attributes))
        return output

    def linear(self, x: str, name: str, weight: np.ndarray, bias: np.ndarray) -> str:
        """Add ``x @ weight + bias``: int8 weights (inputs, outputs), each token's values over their own largest one."""
        values, scale = quantise(weight, axis=0)
        largest = self.add("ReduceMax", [self.add("Abs", [x], f"{name}.abs")], f"{name}.max", axes=[-1], keepdims=1)
        unit = self.add("Div", [x, largest], f"{name}.unit")
        integers = self.add("QuantizeLinear", [unit, "unit.s", "unit.z"], f"{name}.q")
        given = [
            integers,
            self.constant(f"{name}.w", values),
            "unit.s",
            self.constant(f"{name}.s", scale.ravel()),
            "unit.z",
            self.constant(f"{name}.z", np.zeros(scale.size, np.int8)),
        ]
        product = self.add("MatMulIntegerToFloat", given, f"{name}.y", domain=_CONTRIB)
        sized = self.add("Mul", [product, largest], f"{name}.m")
        return self.add("Add", [sized, self.constant(f"{name}.b", bias)], name)


def quantise(weight: np.ndarray, *, axis: int, bits: int = 7) -> tuple[np.ndarray, np.ndarray]:
    """Return int8 values and float32 scales, ``weight ≈ values * scale``, symmetric, one scale for all of `axis`."""
    top = 2 ** (bits - 1) - 1
    scale = (np.abs(weight).max(axis=axis, keepdims=True) / top).astype(np.float32)
    scale[scale == 0] = 1
    return np.clip(np.rint(weight / scale), -top, top).astype(np.int8), scale


def export(model: Encoder, path: Path, *, outputs: int) -> None:
    """Write the graph: int64 `ids` and int32 `lengths` in, float32 `logits` (batch, outputs) out.

    Parameters
    ----------
    model
        A BERT encoder (MPNet's relative positions are not written).
    outputs
        How many of the model's outputs are kept, from the first.
    """
    import onnx
    from onnx import TensorProto, helper

    state = {k: v.detach().float().numpy() for k, v in model.state_dict().items()}
    graph = _Graph()
    x = _embeddings(graph, state, model.shape.epsilon)
    for i in range(model.shape.layers):
        x = _layer(graph, state, i, x, model)
    _head(graph, state, x, outputs)
    values = [
        helper.make_tensor_value_info("ids", TensorProto.INT64, ["batch", "length"]),
        helper.make_tensor_value_info("lengths", TensorProto.INT32, ["batch"]),
    ]
    out = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", outputs])]
    made = helper.make_model(
        helper.make_graph(graph.nodes, "accurate", values, out, graph.constants),
        opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid(_CONTRIB, 1)],
        ir_version=9,
    )
    onnx.save(made, path)


def _embeddings(graph: _Graph, state: dict[str, np.ndarray], epsilon: float) -> str:
    values, scale = quantise(state["words.weight"], axis=1, bits=8)
    words = graph.add("Gather", [graph.constant("words", values), "ids"], "words.q")
    size = graph.add("Gather", [graph.constant("words.scale", scale), "ids"], "words.s")
    x = graph.add("Mul", [graph.add("Cast", [words], "words.f", to=1), size], "words.x")
    shape = graph.add("Shape", ["ids"], "shape")
    length = graph.add("Gather", [shape, graph.constant("one", np.array(1))], "length")
    zero, step = graph.constant("zero", np.array(0)), graph.constant("step", np.array(1))
    places = graph.add("Range", [zero, length, step], "places")
    place = graph.add("Gather", [graph.constant("positions", state["positions.weight"][:256]), places], "places.x")
    norm = [graph.add("Add", [x, place], "embedded"), graph.constant("norm.w", state["norm.weight"])]
    return graph.add(
        "LayerNormalization", [*norm, graph.constant("norm.b", state["norm.bias"])], "x", axis=-1, epsilon=epsilon
    )


def _layer(graph: _Graph, state: dict[str, np.ndarray], i: int, x: str, model: Encoder) -> str:
    n = f"l{i}"

    def part(name: str) -> tuple[np.ndarray, np.ndarray]:
        return state[f"layers.{i}.{name}.weight"].T, state[f"layers.{i}.{name}.bias"]

    def norm(name: str, a: str, b: str) -> str:
        w = graph.constant(f"{n}.{name}.w", state[f"layers.{i}.{name}.weight"])
        c = graph.constant(f"{n}.{name}.b", state[f"layers.{i}.{name}.bias"])
        return graph.add(
            "SkipLayerNormalization", [a, b, w, c], f"{n}.{name}", domain=_CONTRIB, epsilon=model.shape.epsilon
        )

    three = [part(p) for p in ("query", "key", "value")]
    joined = graph.linear(
        x, f"{n}.qkv", np.concatenate([w for w, _ in three], 1), np.concatenate([b for _, b in three])
    )
    names = [f"{n}.{c}" for c in "qkv"]
    from onnx import helper

    graph.nodes.append(helper.make_node("Split", [joined], names, name=f"{n}.split", axis=-1))
    attended = graph.add(
        "MultiHeadAttention", [*names, "", "lengths"], f"{n}.a", domain=_CONTRIB, num_heads=model.shape.heads
    )
    x = norm("norm_attention", graph.linear(attended, f"{n}.out", *part("out")), x)
    inner = graph.add("Gelu", [graph.linear(x, f"{n}.up", *part("up"))], f"{n}.gelu", domain=_CONTRIB)
    return norm("norm_output", graph.linear(inner, f"{n}.down", *part("down")), x)


def _head(graph: _Graph, state: dict[str, np.ndarray], x: str, outputs: int) -> None:
    """Add the mean over each text's own tokens and the linear heads."""
    column = graph.add("Unsqueeze", ["lengths", graph.constant("axis1", np.array([1]))], "lengths.1")
    wide = graph.add("Cast", [column], "lengths.i", to=7)
    inside = graph.add("Cast", [graph.add("Less", ["places", wide], "inside")], "inside.f", to=1)
    weight = graph.add("Unsqueeze", [inside, graph.constant("axis2", np.array([2]))], "weight")
    kept = graph.add("Mul", [x, weight], "kept")
    total = graph.add("ReduceSum", [kept, "axis1"], "total", keepdims=0)
    mean = graph.add("Div", [total, graph.add("Cast", ["lengths.1"], "lengths.f", to=1)], "mean")
    w = graph.constant("head.w", state["head.weight"][:outputs].T)
    graph.add("Gemm", [mean, w, graph.constant("head.b", state["head.bias"][:outputs])], "logits")
