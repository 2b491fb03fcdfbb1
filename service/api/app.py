"""``create_app``: the service as an ASGI application."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from importlib.metadata import version

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.staticfiles import StaticFiles

from service.api import headlines, health, models, pages, problems, score, top
from service.api.head import HeadAsGet
from service.api.hot import HotPath
from service.api.limits import BodyLimit
from service.api.state import open_state, utc_now
from service.current import Load
from service.model import load
from service.settings import Settings


def create_app(settings: Settings, clock: Callable[[], datetime] = utc_now, load: Load = load) -> FastAPI:
    """The application. Store and model are opened when it starts, and a bad one stops the start."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with _remembered(app), open_state(settings, clock, load) as state:
            app.state.service = state
            stop = asyncio.Event()
            loop = asyncio.create_task(state.keep_current(stop))
            try:
                yield
            finally:
                stop.set()
                await loop

    app = FastAPIOffline(
        title="iscore",
        version=version("iscore"),
        summary="News headlines ranked by importance.",
        description="Every headline has an i-Score of 0-100. Reading needs no key; writing needs one.",
        lifespan=lifespan,
        redoc_url=None,
        redirect_slashes=False,  # the redirect would lead to whatever host the request named
    )
    problems.install(app)
    for room in (top, score, headlines, models, health, pages):
        app.include_router(room.router)
    app.mount("/widget", StaticFiles(directory=pages.STATIC))
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes)
    app.add_middleware(HotPath, lists=lambda: app.state.service.hot)
    app.add_middleware(HeadAsGet)
    return app


@contextmanager
def _remembered(app: FastAPI) -> Iterator[None]:
    """Keeps what stopped the start in ``app.state.failure``: the server only says that it did not start."""
    try:
        yield
    except Exception as exc:
        app.state.failure = exc
        raise
