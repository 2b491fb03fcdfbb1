"""Run the service in this process."""

import gc
import logging
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn

from service.current import Load
from service.errors import SettingsError
from service.model import ImportanceModel, load
from service.registry import registry_of
from service.settings import Settings

if TYPE_CHECKING:
    from service.api.app import Application

SHUTDOWN_S = 10


class _Server(uvicorn.Server):
    """Says where it listens, once it does, and that it is not ready any more, once it is told to stop."""

    def __init__(self, config: uvicorn.Config, app: "Application", settings: Settings) -> None:
        super().__init__(config)
        self._app = app
        self._settings = settings

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        gc.freeze()  # what a start leaves stays: nobody need look through it again for garbage
        gc.enable()
        if self.started:
            logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
            model = registry_of(self._settings).current()
            place = f"{self._settings.listen_url()}/ · model {model} · state {self._settings.state}"
            print(f"iscore: {place}", flush=True)  # noqa: T201

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # Not super(): that one raises the signal again at the end, and a service that was asked to stop
        # and did would look as if it had crashed.
        if self.started:
            self._app.state.service.drain()
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def serve(settings: Settings) -> None:
    """Listen until SIGINT or SIGTERM; requests under way then have SHUTDOWN_S seconds to end.

    Raises SettingsError when the address cannot be listened on, and what store and model raise when they are opened.
    """
    # Bound first, so that port 0 is a real port before anybody is told where the service is.
    with _listener(settings) as listener, ThreadPoolExecutor(1) as aside, _nothing_thrown_away():
        settings = settings.model_copy(update={"port": listener.getsockname()[1]})
        load_ = _begin_to_load(settings, aside)
        from service.api.app import create_app  # takes a second, in which the model loads

        app = create_app(settings, load=load_)
        # Silent until it has started: what stops the start is raised below, and told once.
        config = uvicorn.Config(app, access_log=False, log_level="critical", timeout_graceful_shutdown=SHUTDOWN_S)
        try:
            _Server(config, app, settings).run([listener])
        finally:  # the server leaves by SystemExit when the start failed
            if failure := getattr(app.state, "failure", None):
                raise failure


@contextmanager
def _nothing_thrown_away() -> Iterator[None]:
    """Without looking for garbage, which takes a tenth of a start: imports leave hundreds of thousands of objects."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _begin_to_load(settings: Settings, aside: Executor) -> Load:
    """A ``load`` whose first call, for the version that is current now, began here."""
    registry = registry_of(settings)
    folder = registry.path(registry.current())
    begun = [aside.submit(load, folder, settings.threads)]

    def take(path: Path, threads: int) -> ImportanceModel:
        return begun.pop().result() if begun and path == folder else load(path, threads)

    return take


def _listener(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as exc:
        raise SettingsError(f"cannot listen on {settings.host}, port {settings.port}: {exc.strerror}") from exc
