"""Run the service in this process."""

import socket

import uvicorn

from service.api.app import create_app
from service.cli_output import note
from service.registry import Registry
from service.settings import Settings

SHUTDOWN_S = 10


class _Server(uvicorn.Server):
    """Says where it listens, once it does."""

    def __init__(self, config: uvicorn.Config, settings: Settings) -> None:
        super().__init__(config)
        self._settings = settings

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for server in self.servers if self.started else ():
            port = server.sockets[0].getsockname()[1]
            model = Registry(self._settings.models).current()
            note(f"iscore: http://{self._settings.host}:{port}/ · model {model} · state {self._settings.state}")


def serve(settings: Settings) -> None:
    """Listen until SIGINT or SIGTERM; requests under way then have SHUTDOWN_S seconds to end."""
    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=SHUTDOWN_S,
    )
    _Server(config, settings).run()
