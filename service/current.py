"""The model that a running service scores with: follows ``CURRENT``, and keeps the old one when the new is bad."""

import logging
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from service.errors import IscoreError
from service.model import ImportanceModel, load
from service.registry import Registry

Load = Callable[[Path, int], ImportanceModel]

log = logging.getLogger(__name__)


class CurrentModel:
    """Holds the serving model, and at most one beside it.

    ``follow`` and ``take`` are called from one thread at a time, ``model`` and ``beside`` from any.
    """

    def __init__(
        self, registry: Registry, threads: int, prepare: Callable[[ImportanceModel], None], load: Load = load
    ) -> None:
        self._registry = registry
        self._threads = threads
        self._prepare = prepare
        self._load = load
        self._beside: ImportanceModel | None = None
        self._loading = Lock()
        self._tried: str | None = registry.current()
        self.model = load(registry.path(self._tried), threads)
        self.refused: str | None = None
        """Why the version that ``CURRENT`` names is not the one that serves; None when it is."""

    def follow(self) -> bool:
        """Take over the version that ``CURRENT`` names now; True when the model has changed.

        ``prepare`` runs with the new model before it serves. A version that cannot be loaded is tried
        once, logged and kept in ``refused``; the old model goes on serving.
        """
        try:
            version = self._registry.current()
        except IscoreError as exc:
            self._tried = None
            return self._refuse(exc)
        if version == self._tried:
            return False
        try:
            model = self.beside(version)
        except IscoreError as exc:
            self._tried = version
            return self._refuse(exc)
        changed = model.version != self.model.version
        if changed:
            self._prepare(model)  # when this fails the version counts as not tried, and the next call begins again
        self.take(model)
        return changed

    def beside(self, version: str) -> ImportanceModel:
        """A version loaded, checked and warm while another serves. The last one asked for stays, and no more.

        UnknownModelError or ArtifactError when it cannot be loaded.
        """
        folder = self._registry.path(version)
        with self._loading:
            for known in (self.model, self._beside):
                if known and known.version == version:
                    return known
            self._beside = None  # or there would be three for a while
            self._beside = self._load(folder, self._threads)
            return self._beside

    def take(self, model: ImportanceModel) -> None:
        """Serve with the version that ``CURRENT`` names. The one before stays beside it: that is the way back."""
        self.refused = None
        self._tried = model.version
        if model.version == self.model.version:
            return
        with self._loading:
            self.model, self._beside = model, self.model
        log.info("model %s serves now", model.version)

    def _refuse(self, exc: IscoreError) -> bool:
        if self.refused != str(exc):
            log.error("model %s keeps serving: %s", self.model.version, exc)
        self.refused = str(exc)
        return False
