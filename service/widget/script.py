"""The script of ``<iscore-top>`` as it is served: its bytes, and what names and vouches for them."""

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Script:
    """``version`` is the beginning of the body's SHA-256, so that an address with it never means other bytes."""

    body: bytes
    version: str
    integrity: str
    """For the ``integrity`` attribute of whoever includes it."""


@cache
def script() -> Script:
    """The script that this installation serves."""
    body = served(files("service").joinpath("widget/static/iscore.js").read_text("utf-8"))
    digest = b64encode(hashlib.sha384(body).digest()).decode()
    return Script(body, hashlib.sha256(body).hexdigest()[:12], f"sha384-{digest}")


def served(source: str) -> bytes:
    """The source less indentation, blank lines and lines that are ``//`` comments; nothing else is touched."""
    lines = (line.lstrip() for line in source.splitlines())
    return "".join(f"{line}\n" for line in lines if line and not line.startswith("//")).encode()
