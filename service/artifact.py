"""A model version on disk: layout, checksums, safe read, atomic write.

    <version>/manifest.json     what it is, how it was made, size and SHA-256 of each other file
              encoder.onnx      the graph: token ids in, vectors out
              tokenizer.json    Hugging Face tokenizers
              head.npz          vectors -> points: the posterior of a linear regression
              calibration.json  points -> scores, intervals, percentiles
              topics.npz        vectors -> topics
              golden.json       titles and the scores that a sound load must reproduce
              metrics.json      how right it is
              dev.npz           vectors, ratings and topics of the development set (not in format 2)
              CARD.md           the model card

Nothing in it is executable: ONNX, plain arrays, JSON and Markdown only, never pickle. To change the layout, raise
FORMAT, teach ``read`` both numbers for one release, and say so in CHANGELOG.md.
"""

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.errors import ArtifactError

FORMAT = 3
KIND = "iscore-model"
MANIFEST = "manifest.json"
MAX_BYTES: Mapping[str, int] = {
    MANIFEST: 1 << 20,
    "encoder.onnx": 256 << 20,
    "tokenizer.json": 16 << 20,
    "head.npz": 64 << 20,
    "calibration.json": 1 << 20,
    "topics.npz": 1 << 20,
    "golden.json": 1 << 20,
    "metrics.json": 1 << 20,
    "dev.npz": 64 << 20,
    "CARD.md": 1 << 20,
}
"""Every file a version may hold, with the most bytes that are read of it."""
FILES = {2: frozenset(MAX_BYTES) - {MANIFEST, "dev.npz"}, FORMAT: frozenset(MAX_BYTES) - {MANIFEST}}
"""What a version of each format that can be read consists of beside its manifest."""

VERSION_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}[a-z0-9]")


@dataclass(frozen=True, slots=True)
class Artifact:
    """A version whose files are all present, small enough and as recorded in its manifest."""

    version: str
    manifest: Mapping[str, Any]
    files: Mapping[str, bytes]

    def json(self, name: str) -> Any:
        """The parsed content of one of the JSON files; ArtifactError when it is not JSON."""
        return _parse(self.files[name], name)


def read(folder: Path) -> Artifact:
    """Read and check a version; the bytes that were checked are the bytes that are returned.

    Raises ArtifactError that names the file and what is wrong with it.
    """
    manifest = _parse(_read_capped(folder, MANIFEST), MANIFEST)
    _check_manifest(manifest, folder)
    files = {}
    for name, entry in manifest["files"].items():
        content = _read_capped(folder, name)
        if hashlib.sha256(content).hexdigest() != entry["sha256"]:
            raise ArtifactError(f"{folder / name} is damaged: its SHA-256 is not the one in {MANIFEST}")
        files[name] = content
    return Artifact(manifest["version"], manifest, files)


def write(folder: Path, files: Mapping[str, bytes], made_from: Mapping[str, Any]) -> None:
    """Write a version so that ``folder`` exists whole or not at all.

    ArtifactError when it exists already, or when ``read`` would refuse it.
    ``made_from`` (configuration, data digests, library versions) goes into the manifest.
    """
    check_name(folder.name)
    if folder.exists():
        raise ArtifactError(f"{folder} exists already: a version never changes, choose another name")
    manifest = {
        "kind": KIND,
        "format": FORMAT,
        "version": folder.name,
        **made_from,
        "files": {
            name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in files.items()
        },
    }
    _check_manifest(manifest, folder)
    if large := [name for name, content in files.items() if len(content) > MAX_BYTES[name]]:
        raise ArtifactError(f"{folder}: {', '.join(large)} would be larger than can be read again")
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".new-", dir=folder.parent))
    try:
        for name, content in {**files, MANIFEST: json.dumps(manifest, indent=1).encode()}.items():
            _write_durably(temporary / name, content)
        temporary.chmod(0o755)
        temporary.rename(folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def check_name(version: str) -> None:
    """ArtifactError unless ``version`` may name a version (and so a folder)."""
    if not VERSION_NAME.fullmatch(version):
        raise ArtifactError(
            f"{version!r} cannot name a model version: use lower-case letters, digits, '.', '_' and '-'"
        )


def _write_durably(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _read_capped(folder: Path, name: str) -> bytes:
    limit = MAX_BYTES.get(name)
    if limit is None:
        raise ArtifactError(f"{folder}: {name!r} is not a file of a model version")
    try:
        with (folder / name).open("rb") as file:
            content = file.read(limit + 1)
    except OSError as exc:
        raise ArtifactError(f"cannot read {folder / name}: {exc.strerror}") from exc
    if len(content) > limit:
        raise ArtifactError(f"{folder / name} is larger than {limit} bytes")
    return content


def _parse(content: bytes, name: str) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as exc:
        raise ArtifactError(f"{name} is not JSON: {exc}") from exc


def _check_manifest(manifest: object, folder: Path) -> None:
    if not isinstance(manifest, dict) or manifest.get("kind") != KIND:
        raise ArtifactError(f"{folder} is not an iscore model version: {MANIFEST} says another kind")
    number = manifest.get("format")
    if type(number) is not int or number not in FILES:
        known = " and ".join(map(str, FILES))
        raise ArtifactError(f"{folder} has format {number!r}; this iscore reads formats {known}")
    if manifest.get("version") != folder.name:
        raise ArtifactError(f"{folder}: its manifest is of version {manifest.get('version')!r}")
    files = manifest.get("files")
    if not isinstance(files, dict) or set(files) != FILES[number]:
        raise ArtifactError(f"{folder}: its manifest must list {', '.join(sorted(FILES[number]))}")
    if not all(isinstance(entry, dict) and isinstance(entry.get("sha256"), str) for entry in files.values()):
        raise ArtifactError(f"{folder}: its manifest lacks a SHA-256")
