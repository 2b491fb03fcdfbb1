"""A model version on disk is read whole and as it was written, or refused with what is wrong with it."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service import artifact
from service.artifact import MANIFEST, MAX_BYTES
from service.errors import ArtifactError
from tests.tiny_models import tiny_files, write_version

FILES = sorted(tiny_files())


@pytest.fixture
def version(tmp_path: Path) -> Path:
    return write_version(tmp_path / "tiny-1")


def edit(version: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the manifest of a version as ``change`` does in place."""
    manifest = json.loads((version / MANIFEST).read_bytes())
    change(manifest)
    (version / MANIFEST).write_text(json.dumps(manifest))


def seal(version: Path, name: str, content: bytes) -> None:
    """Write a file with the checksum that belongs to it, as a forger would."""
    (version / name).write_bytes(content)
    entry = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    edit(version, lambda manifest: manifest["files"].update({name: entry}))


def test_what_was_written_is_what_is_read(version: Path) -> None:
    found = artifact.read(version)
    assert found.version == "tiny-1"
    assert found.files == tiny_files()
    assert found.manifest["created_at"] == "2026-01-31"
    assert found.json("metrics.json") == {"mae": 1.5}


@pytest.mark.parametrize("place", [0, -1])
@pytest.mark.parametrize("name", FILES)
def test_a_flipped_bit_anywhere_is_refused(version: Path, name: str, place: int) -> None:
    content = bytearray((version / name).read_bytes())
    content[place] ^= 1
    (version / name).write_bytes(content)
    with pytest.raises(ArtifactError, match=rf"{name} is damaged"):
        artifact.read(version)


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_short_or_grown_is_refused(version: Path, name: str) -> None:
    content = (version / name).read_bytes()
    for damaged in (content[:-1], b"", content + b"\n"):
        (version / name).write_bytes(damaged)
        with pytest.raises(ArtifactError, match=rf"{name} is damaged"):
            artifact.read(version)


@pytest.mark.parametrize("name", [*FILES, MANIFEST])
def test_a_missing_file_is_named(version: Path, name: str) -> None:
    (version / name).unlink()
    with pytest.raises(ArtifactError, match=rf"cannot read .*{name}: No such file"):
        artifact.read(version)


@pytest.mark.parametrize("name", [*FILES, MANIFEST])
def test_a_folder_in_place_of_a_file_is_refused(version: Path, name: str) -> None:
    (version / name).unlink()
    (version / name).mkdir()
    with pytest.raises(ArtifactError, match=name):
        artifact.read(version)


def test_a_folder_that_there_is_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="cannot read"):
        artifact.read(tmp_path / "none")


@pytest.mark.parametrize("name", ["CARD.md", "golden.json", "metrics.json"])
def test_a_file_over_its_cap_is_refused_even_with_its_checksum(version: Path, name: str) -> None:
    seal(version, name, b" " * (MAX_BYTES[name] + 1))
    with pytest.raises(ArtifactError, match=rf"{name} is larger than {MAX_BYTES[name]} bytes"):
        artifact.read(version)


def test_a_manifest_over_its_cap_is_refused_unread(version: Path) -> None:
    with (version / MANIFEST).open("ab") as file:
        file.truncate(1 << 40)  # sparse: a terabyte that nobody may read
    with pytest.raises(ArtifactError, match=rf"{MANIFEST} is larger"):
        artifact.read(version)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"nothing", b"1" * 10_000])
def test_a_manifest_that_is_not_json_is_refused(version: Path, content: bytes) -> None:
    (version / MANIFEST).write_bytes(content)
    with pytest.raises(ArtifactError, match=rf"{MANIFEST} is not JSON"):
        artifact.read(version)


@pytest.mark.parametrize("content", ["null", "[]", '"iscore-model"', "{}", '{"kind": "iscore-labels", "format": 1}'])
def test_a_foreign_manifest_is_refused(version: Path, content: str) -> None:
    (version / MANIFEST).write_text(content)
    with pytest.raises(ArtifactError, match="not an iscore model version"):
        artifact.read(version)


@pytest.mark.parametrize("number", [0, 1, 4, "3", None, True, [3]])
def test_another_format_is_refused_by_its_number(version: Path, number: object) -> None:
    edit(version, lambda manifest: manifest.update(format=number))
    with pytest.raises(ArtifactError, match="this iscore reads formats 2 and 3"):
        artifact.read(version)


def test_a_version_of_the_format_before_is_read_without_a_development_set(version: Path) -> None:
    def older(manifest: dict[str, Any]) -> None:
        manifest["format"] = 2
        del manifest["files"]["dev.npz"]

    edit(version, older)
    (version / "dev.npz").unlink()
    files = artifact.read(version).files
    assert files == {name: content for name, content in tiny_files().items() if name != "dev.npz"}


@pytest.mark.parametrize("name", ["tiny-2", "", None, ["tiny-1"]])
def test_a_version_under_another_name_is_refused(version: Path, name: object) -> None:
    edit(version, lambda manifest: manifest.update(version=name))
    with pytest.raises(ArtifactError, match="its manifest is of version"):
        artifact.read(version)


def test_a_version_in_a_renamed_folder_is_refused(version: Path) -> None:
    moved = version.rename(version.parent / "tiny-2")
    with pytest.raises(ArtifactError, match="its manifest is of version 'tiny-1'"):
        artifact.read(moved)


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "weights.pkl", "sub/encoder.onnx", "", MANIFEST])
def test_a_manifest_that_names_other_files_is_refused_and_they_are_not_read(version: Path, name: str) -> None:
    entry = {"bytes": 6, "sha256": hashlib.sha256(b"secret").hexdigest()}
    (version.parent / "secret").write_bytes(b"secret")
    edit(version, lambda manifest: manifest["files"].update({name: entry}))
    with pytest.raises(ArtifactError, match="its manifest must list"):
        artifact.read(version)


def test_a_manifest_that_leaves_out_a_file_is_refused(version: Path) -> None:
    edit(version, lambda manifest: manifest["files"].pop("golden.json"))
    with pytest.raises(ArtifactError, match="its manifest must list"):
        artifact.read(version)


@pytest.mark.parametrize("entry", [None, "sha256", {}, {"sha256": None}, {"sha256": 5}])
def test_a_file_without_a_checksum_is_refused(version: Path, entry: object) -> None:
    edit(version, lambda manifest: manifest["files"].update({"CARD.md": entry}))
    with pytest.raises(ArtifactError, match="lacks a SHA-256"):
        artifact.read(version)


def test_files_that_are_no_part_of_a_version_do_no_harm(version: Path) -> None:
    (version / ".DS_Store").write_bytes(b"x")
    assert artifact.read(version).files == tiny_files()


def test_a_json_file_that_is_not_json_is_refused_when_it_is_parsed(tmp_path: Path) -> None:
    found = artifact.read(write_version(tmp_path / "tiny-2", metrics_json=b"{"))
    with pytest.raises(ArtifactError, match=r"metrics\.json is not JSON"):
        found.json("metrics.json")


# --- writing ---


@pytest.mark.parametrize("name", ["Tiny-1", "-tiny", "tiny-", ".tiny", "t", "tiny 1", "x" * 65, "tïny", "new\n"])
def test_a_name_that_is_no_version_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ArtifactError, match="cannot name a model version"):
        artifact.write(tmp_path / name, tiny_files(), {})
    assert list(tmp_path.iterdir()) == []


def test_a_version_never_changes(version: Path) -> None:
    with pytest.raises(ArtifactError, match="exists already"):
        artifact.write(version, tiny_files(upside_down=True), {})
    assert artifact.read(version).files == tiny_files()


@pytest.mark.parametrize(
    "files",
    [
        {},
        {name: content for name, content in tiny_files().items() if name != "CARD.md"},
        {**tiny_files(), "../escape": b"x"},
        {**tiny_files(), MANIFEST: b"{}"},
        {**tiny_files(), "CARD.md": b" " * (MAX_BYTES["CARD.md"] + 1)},
    ],
    ids=["none", "one missing", "escape", "manifest", "oversize"],
)
def test_what_could_not_be_read_again_is_not_written(tmp_path: Path, files: dict[str, bytes]) -> None:
    with pytest.raises(ArtifactError):
        artifact.write(tmp_path / "models" / "tiny-1", files, {})
    assert list(tmp_path.rglob("*")) == []


def test_a_write_that_fails_halfway_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        artifact.write(tmp_path / "tiny-1", tiny_files(), {"config": object()})
    assert list(tmp_path.iterdir()) == []


def test_what_a_version_was_made_from_does_not_replace_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError):
        artifact.write(tmp_path / "tiny-1", tiny_files(), {"kind": "other"})
    assert list(tmp_path.iterdir()) == []


def test_a_version_can_be_read_by_other_users(version: Path) -> None:
    assert version.stat().st_mode & 0o055 == 0o055
