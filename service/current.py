"""The model that a running service scores with: follows ``CURRENT``, and keeps the old one when the new is bad."""

import logging
from collections.abc import Callable
from pathlib import Path

from service.errors import IscoreError
from service.model import ImportanceModel, load
from service.registry import Registry

Load = Callable[[Path, int], ImportanceModel]

log = logging.getLogger(__name__)


class CurrentModel:
    """Holds the serving model. ``follow`` is called from one thread, ``model`` is read from any."""

    def __init__(
        self, registry: Registry, threads: int, prepare: Callable[[ImportanceModel], None], load: Load = load
    ) -> None:
        self._registry = registry
        self._threads = threads
        self._prepare = prepare
        self._load = load
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
            model = self._load(self._registry.path(version), self._threads)
        except IscoreError as exc:
            self._tried = version
            return self._refuse(exc)
        self.refused = None
        changed = model.version != self.model.version
        if changed:
            self._prepare(model)  # when this fails the version counts as not tried, and the next call begins again
            self.model = model
            log.info("model %s serves now", version)
        self._tried = version
        return changed

    def _refuse(self, exc: IscoreError) -> bool:
        if self.refused != str(exc):
            log.error("model %s keeps serving: %s", self.model.version, exc)
        self.refused = str(exc)
        return False
