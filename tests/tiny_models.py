"""Model versions small enough to make by the dozen: real artifacts whose vector is the mean of the token ids alone.

The word ``w85`` is token 85, so the title "w85" scores 85 and "w80 w81" scores 80.5.
"""

import json
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, models, pre_tokenizers

from service import artifact
from service.calibration import Calibration
from service.head import Head
from service.topics import TopicHead
from service.types import TOPICS
from training.dev_set import DevSet

INT64, FLOAT = 7, 1


def write_version(folder: Path, upside_down: bool = False, **files: bytes) -> Path:
    """A sound version; ``upside_down`` scores "w85" 15. ``files``, such as ``golden_json``, replace its files."""
    given = {name.replace("_", "."): content for name, content in files.items()}
    artifact.write(folder, {**tiny_files(upside_down), **given}, {"created_at": "2026-01-31"})
    return folder


def tiny_files(upside_down: bool = False) -> dict[str, bytes]:
    """All the files of a sound version but the manifest."""
    golden = [{"title": f"w{n}", "score": float(100 - n if upside_down else n)} for n in (3, 50, 99)]
    dev = DevSet(np.arange(101.0)[:, None].astype(np.float32), np.arange(101.0), np.zeros(101, np.uint8))
    return {
        "encoder.onnx": graph(MEAN),
        "tokenizer.json": tokenizer(upside_down),
        "head.npz": HEAD.to_bytes(),
        "calibration.json": json.dumps(CALIBRATION.to_json()).encode(),
        "topics.npz": TopicHead(np.array([[one, -5.0 * one**2] for one in range(len(TOPICS))])).to_bytes(),
        "golden.json": json.dumps(golden).encode(),
        "metrics.json": b'{"mae": 1.5}',
        "dev.npz": dev.to_bytes(),
        "CARD.md": b"# A tiny model\n",
    }


def tokenizer(upside_down: bool = False) -> bytes:
    """Words ``w0`` to ``w100`` with their numbers as ids; any other word is 50."""
    vocabulary = {f"w{n}": 100 - n if upside_down else n for n in range(101) if n != 50} | {"[UNK]": 50}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return made.to_str().encode()


# An ONNX file is protobuf: https://protobuf.dev/programming-guides/encoding, field numbers from onnx.proto.


def graph(nodes: bytes, source: str = "input_ids", target: str = "vector", width: int | str = 1) -> bytes:
    """An ONNX file of ``nodes`` from int64 (batch, tokens) to float (batch, width)."""
    inside = nodes + field(2, "tiny")
    inside += field(11, _value(source, INT64, "batch", "tokens")) + field(12, _value(target, FLOAT, "batch", width))
    return field(1, 8) + field(8, field(1, "") + field(2, 13)) + field(7, inside)


def node(kind: str, source: str, target: str, *attributes: bytes) -> bytes:
    """One operation of a graph."""
    return field(
        1, field(1, source) + field(2, target) + field(4, kind) + b"".join(field(5, one) for one in attributes)
    )


def number(name: str, value: int) -> bytes:
    """An attribute that holds one number."""
    return field(1, name) + field(3, value) + field(20, 2)


def numbers(name: str, value: int) -> bytes:
    """An attribute that holds a list of one number."""
    return field(1, name) + field(8, value) + field(20, 7)


def field(place: int, value: int | str | bytes) -> bytes:
    """A protobuf field: a number, or text or bytes after their length."""
    if isinstance(value, int):
        return _varint(place << 3) + _varint(value)
    content = value.encode() if isinstance(value, str) else value
    return _varint(place << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    return bytes([value & 0x7F | 0x80]) + _varint(value >> 7) if value > 0x7F else bytes([value])


def _value(name: str, kind: int, *dimensions: int | str) -> bytes:
    shape = b"".join(field(1, field(1 if isinstance(one, int) else 2, one)) for one in dimensions)
    return field(1, name) + field(2, field(1, field(1, kind) + field(2, shape)))


CAST = node("Cast", "input_ids", "ids", number("to", FLOAT))
MEAN = CAST + node("ReduceMean", "ids", "vector", numbers("axes", 1), number("keepdims", 1))
NAN = (
    CAST
    + node("ReduceMean", "ids", "mean", numbers("axes", 1), number("keepdims", 1))
    + node("Neg", "mean", "negative")
    + node("Sqrt", "negative", "vector")
)
TOO_DEEP = CAST + node("Identity", "ids", "vector")
"""Graphs: the mean of the ids; not a number; one number per token instead of one per title."""

HEAD = Head(np.array([1.0, 0.0]), np.eye(2), 1.0)
CALIBRATION = Calibration((0.0, 100.0), (0.0, 100.0), (60.0,), (10.0, 4.0), (20.0, 6.0), (0.0, 50.0, 100.0))
