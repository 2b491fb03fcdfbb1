"""A fitted network -> one ONNX graph: token ids in, scores out, weights stored in 8 bits.

The graph takes titles of one token length, so it needs no attention mask and no padding, and a row's
arithmetic is the same whatever else is in its batch. Weights are int8 with one fp32 scale per output
channel and are expanded to fp32 before they are used; nothing is quantised while the graph runs.
"""

import io
import warnings

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from training.fitted import Fitted

OPSET = 17
_SMALL = 4096  # smaller tensors (biases, norms) and vectors stay fp32: they weigh little and matter most


def export(fitted: Fitted) -> bytes:
    """The serialised graph: ``input_ids`` (batch, tokens) int64 -> ``score`` (batch,) float32, 0-100."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # The tracing exporter is deprecated, and warns of every shape it reads. It needs no further
        # library, and torch is pinned.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Scorer(fitted).eval(),
            (torch.ones((2, 8), dtype=torch.long),),
            buffer,
            input_names=["input_ids"],
            output_names=["score"],
            dynamic_axes={"input_ids": {0: "batch", 1: "tokens"}, "score": {0: "batch"}},
            opset_version=OPSET,
            dynamo=False,
        )
    graph = onnx.load_model_from_string(buffer.getvalue())
    _store_in_8_bits(graph)
    onnx.checker.check_model(graph)
    return bytes(graph.SerializeToString())


class _Scorer(nn.Module):
    """BERT's forward pass without masks, mean pooling, head, scale and linear model: a clean graph."""

    def __init__(self, fitted: Fitted) -> None:
        super().__init__()
        transformer, _, hidden, output = fitted.network
        self.bert = transformer.model
        self.head = nn.Sequential(hidden.linear, nn.GELU(), output.linear)
        self.mean, self.deviation = fitted.mean, fitted.deviation
        self.lexical, self.share = fitted.lexical, fitted.lexical_share
        self.heads = self.bert.config.num_attention_heads

    def forward(self, input_ids: Tensor) -> Tensor:
        embeddings = self.bert.embeddings
        positions = embeddings.position_embeddings.weight[: input_ids.shape[1]]
        vectors = embeddings.word_embeddings(input_ids) + embeddings.token_type_embeddings.weight[0] + positions
        hidden = embeddings.LayerNorm(vectors)
        for layer in self.bert.encoder.layer:
            attention = layer.attention
            hidden = attention.output.LayerNorm(hidden + attention.output.dense(self._attend(attention.self, hidden)))
            inner = nn.functional.gelu(layer.intermediate.dense(hidden))
            hidden = layer.output.LayerNorm(hidden + layer.output.dense(inner))
        # Twice the rows, half the answers: kernels for one row add up in another order than those for
        # many, and the last bits of a score would tell whether it was computed alone.
        pooled = torch.cat([hidden, hidden]).mean(1)
        deep = self.head(pooled)[:, 0] * self.deviation + self.mean
        wide = self.lexical(torch.cat([input_ids, input_ids]))
        score = (1 - self.share) * deep + self.share * wide
        return score[: input_ids.shape[0]].clamp(0, 100)

    def _attend(self, attention: nn.Module, hidden: Tensor) -> Tensor:
        batch, tokens, width = hidden.shape
        shape = (batch, tokens, self.heads, width // self.heads)
        query = attention.query(hidden).reshape(shape).transpose(1, 2)
        key = attention.key(hidden).reshape(shape).permute(0, 2, 3, 1)
        value = attention.value(hidden).reshape(shape).transpose(1, 2)
        weights = torch.softmax(query @ key * shape[-1] ** -0.5, -1)
        return (weights @ value).transpose(1, 2).reshape(batch, tokens, width)


def _store_in_8_bits(model: onnx.ModelProto) -> None:
    graph = model.graph
    users = {name: node for node in graph.node for name in node.input}
    for tensor in list(graph.initializer):
        weight = numpy_helper.to_array(tensor)
        if weight.dtype != np.float32 or weight.ndim != 2 or weight.size < _SMALL:
            continue
        graph.initializer.remove(tensor)
        if users[tensor.name].op_type == "Gather":
            _gather_8_bits(graph, users[tensor.name], tensor.name, weight)
        else:
            _expand_8_bits(graph, tensor.name, weight)


def _quantised(weight: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Symmetric int8 codes and the fp32 scale that broadcasts over ``axis``."""
    scale = np.maximum(np.abs(weight).max(axis, keepdims=True) / 127, 1e-12).astype(np.float32)
    return np.rint(weight / scale).astype(np.int8), scale


def _expand_8_bits(graph: onnx.GraphProto, name: str, weight: np.ndarray) -> None:
    """name = float(codes) * scale, which ONNX Runtime folds into one fp32 constant at load."""
    codes, scale = _quantised(weight, 0)
    graph.initializer.extend(
        [numpy_helper.from_array(codes, name + ".i8"), numpy_helper.from_array(scale, name + ".scale")]
    )
    graph.node.insert(0, helper.make_node("Mul", [name + ".f32", name + ".scale"], [name]))
    graph.node.insert(0, helper.make_node("Cast", [name + ".i8"], [name + ".f32"], to=TensorProto.FLOAT))


def _gather_8_bits(graph: onnx.GraphProto, gather: onnx.NodeProto, name: str, weight: np.ndarray) -> None:
    """Look up codes and scales, then expand: the table itself stays 8 bits wide in memory."""
    codes, scale = _quantised(weight, 1)
    graph.initializer.extend(
        [numpy_helper.from_array(codes, name + ".i8"), numpy_helper.from_array(scale, name + ".scale")]
    )
    _, ids = gather.input
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
