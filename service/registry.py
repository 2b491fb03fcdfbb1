"""The model versions on disk, and which of them is current."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from service import artifact
from service.errors import ArtifactError, UnknownModelError

POINTER = "CURRENT"


@dataclass(frozen=True, slots=True)
class Registry:
    """A folder of versions beside a file ``CURRENT`` that names one. Reads the disk anew at every call."""

    folder: Path

    def versions(self) -> list[str]:
        """Names of the version folders, sorted."""
        if not self.folder.is_dir():
            return []
        return sorted(p.name for p in self.folder.iterdir() if (p / artifact.MANIFEST).is_file() and p.name[0] != ".")

    def current(self) -> str:
        """The version that ``CURRENT`` names; UnknownModelError when there is none."""
        try:
            version = (self.folder / POINTER).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as exc:
            raise UnknownModelError(f"no current model in {self.folder}: choose one with `iscore models use`") from exc
        self.path(version)
        return version

    def path(self, version: str) -> Path:
        """The folder of a version; UnknownModelError when there is none."""
        if version not in self.versions():
            known = ", ".join(self.versions()) or "none"
            raise UnknownModelError(f"no model version {version!r} in {self.folder}: there is {known}")
        return self.folder / version

    def use(self, version: str) -> str | None:
        """Make ``version`` current; returns the one that was. The pointer is old or new at every instant.

        The caller has loaded the version before: this only moves the pointer.
        """
        self.path(version)
        before = self._before()
        handle, temporary = tempfile.mkstemp(prefix=".current-", dir=self.folder)
        with os.fdopen(handle, "w") as file:
            file.write(version + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, self.folder / POINTER)
        return before

    def _before(self) -> str | None:
        try:
            return self.current()
        except (UnknownModelError, ArtifactError):
            return None
