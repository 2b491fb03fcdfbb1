"""The model versions on disk, and which of them is current."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from service import artifact
from service.errors import ArtifactError, UnknownModelError
from service.settings import Settings

POINTER = "CURRENT"

Origin = Literal["shipped", "own"]


@dataclass(frozen=True, slots=True)
class Registry:
    """Folders of versions, each beside a file ``CURRENT`` that names one. Reads the disk anew at every call.

    ``shipped`` comes with the program and is only read once there is an ``own`` folder, which holds what the newsroom
    has trained and what it has chosen: a program that is installed anew loses neither.
    """

    shipped: Path
    own: Path | None = None

    def versions(self) -> list[str]:
        """Names of the version folders, sorted."""
        return sorted({name for folder in self._folders() for name in _names(folder)})

    def current(self) -> str:
        """The version that ``CURRENT`` names, the newsroom's before the shipped one; UnknownModelError for none."""
        for folder in reversed(self._folders()):
            if version := _read(folder / POINTER):
                if version not in self.versions():
                    raise UnknownModelError(f"{folder / POINTER} names {version[:80]!r}: {self._hint()}")
                self.path(version)
                return version
        raise UnknownModelError(f"no current model in {self.shipped}: {self._hint()}")

    def path(self, version: str) -> Path:
        """The folder of a version; UnknownModelError when there is none, ArtifactError when there are two."""
        found = [folder / version for folder in self._folders() if version in _names(folder)]
        if not found:
            raise UnknownModelError(f"no model version {version!r}: there is {', '.join(self.versions()) or 'none'}")
        if len(found) > 1:
            places = " and ".join(str(one) for one in found)
            raise ArtifactError(f"there are two versions {version!r}, {places}: remove the one that is not meant")
        return found[0]

    def origin(self, version: str) -> Origin:
        """Whether a version came with the program or was made here."""
        return "own" if self.own and version in _names(self.own) else "shipped"

    def use(self, version: str) -> str | None:
        """Make ``version`` current; returns the one that was. The choice is old or new at every instant.

        The caller has loaded the version before: this only moves the pointer. Who goes back to what is shipped as
        current has no choice of their own any more, so that a newer release's is followed.
        """
        self.path(version)
        before = self._before()
        if self.own and version == _read(self.shipped / POINTER):
            (self.own / POINTER).unlink(missing_ok=True)
        else:
            _point(self.own or self.shipped, version)
        return before

    def _folders(self) -> list[Path]:
        return [self.shipped] if self.own is None else [self.shipped, self.own]

    def _hint(self) -> str:
        return f"choose one with `iscore models use`; there is {', '.join(self.versions()) or 'none'}"

    def _before(self) -> str | None:
        try:
            return self.current()
        except (UnknownModelError, ArtifactError):
            return None


def registry_of(settings: Settings) -> Registry:
    """The versions that a service with these settings may serve: the shipped ones, and its own in ``state/models``."""
    own = settings.state / "models"
    return Registry(settings.models, None if own.resolve() == settings.models.resolve() else own)


def _names(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return [p.name for p in folder.iterdir() if (p / artifact.MANIFEST).is_file() and p.name[0] != "."]


def _read(pointer: Path) -> str | None:
    """What a pointer names; None when there is none."""
    try:
        return pointer.read_bytes().decode("utf-8", "replace").strip()
    except OSError:
        return None


def _point(folder: Path, version: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=".current-", dir=folder)
    with os.fdopen(handle, "w") as file:
        file.write(version + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.chmod(temporary, 0o644)
    os.replace(temporary, folder / POINTER)
