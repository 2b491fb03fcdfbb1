"""A trained student -> one ONNX graph: token ids in, vectors out, word vectors stored in 8 bits.

The graph takes titles of one token length, so it needs no attention mask and no padding, and a row's
arithmetic is the same whatever else is in its batch. Word vectors are int8 with one fp32 scale each and are expanded
when they are looked up; nothing is quantised while the graph runs.
"""

import io
import warnings

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from training.lexicon import Lexical, Lexicon
from training.student import Student

OPSET = 17


def export(student: Student, lexicon: Lexicon) -> bytes:
    """The serialised graph: ``input_ids`` (batch, tokens) int64 -> ``vector`` (batch, width) float32.

    The vector's last number is the lexicon's, the others are the student's.
    """
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # The tracing exporter is deprecated, and warns of every shape it reads. It needs no further
        # library, and torch is pinned.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Reader(student, lexicon).eval(),
            (torch.ones((2, 8), dtype=torch.long),),
            buffer,
            input_names=["input_ids"],
            output_names=["vector"],
            dynamic_axes={"input_ids": {0: "batch", 1: "tokens"}, "vector": {0: "batch"}},
            opset_version=OPSET,
            dynamo=False,
        )
    graph = onnx.load_model_from_string(buffer.getvalue())
    _store_in_8_bits(graph)
    onnx.checker.check_model(graph)
    return bytes(graph.SerializeToString())


class _Reader(nn.Module):
    """The student without what only training needs, and the lexicon beside it."""

    def __init__(self, student: Student, lexicon: Lexicon) -> None:
        super().__init__()
        self.student = student
        self.lexical = Lexical(lexicon)

    def forward(self, input_ids: Tensor) -> Tensor:
        # One row more than asked for: kernels for one row add up in another order than those for many, and
        # the last bits of a score would tell whether it was computed alone.
        pooled = self.student.pooled(input_ids)
        vectors = self.student.vectors(torch.cat([pooled, pooled[:1]]))[: input_ids.shape[0]]
        return torch.cat([vectors, self.lexical(input_ids)[:, None]], 1)


def _store_in_8_bits(model: onnx.ModelProto) -> None:
    """Turn the lookup of word vectors into one of codes and scales: the table stays 8 bits wide in memory."""
    graph = model.graph
    tables = {tensor.name: tensor for tensor in graph.initializer}
    words = {name for name, tensor in tables.items() if tensor.data_type == TensorProto.FLOAT}
    gather = next(node for node in graph.node if node.op_type == "Gather" and node.input[0] in words)
    name, ids = gather.input
    codes, scale = _quantised(numpy_helper.to_array(tables[name]))
    graph.initializer.remove(tables[name])
    graph.initializer.extend(
        [numpy_helper.from_array(codes, name + ".i8"), numpy_helper.from_array(scale, name + ".scale")]
    )
    out = gather.output[0]
    place = list(graph.node).index(gather)
    graph.node.remove(gather)
    for node in reversed(
        [
            helper.make_node("Gather", [name + ".i8", ids], [out + ".i8"]),
            helper.make_node("Cast", [out + ".i8"], [out + ".f32"], to=TensorProto.FLOAT),
            helper.make_node("Gather", [name + ".scale", ids], [out + ".scale"]),
            helper.make_node("Mul", [out + ".f32", out + ".scale"], [out]),
        ]
    ):
        graph.node.insert(place, node)


def _quantised(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Symmetric int8 codes and each row's fp32 scale."""
    scale = np.maximum(np.abs(vectors).max(1, keepdims=True) / 127, 1e-12).astype(np.float32)
    return np.rint(vectors / scale).astype(np.int8), scale
