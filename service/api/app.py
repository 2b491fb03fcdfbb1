"""``create_app``: the service as an ASGI application."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from functools import partial
from importlib.metadata import version

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from service.api import (
    adjustments,
    audit,
    changes,
    drift,
    headlines,
    health,
    labels,
    metrics,
    models,
    pages,
    problems,
    promotion,
    queue,
    score,
    sources,
    stories,
    top,
    training_runs,
    widget,
)
from service.api.editor import drift_page, frame, judge, log, retrain, sign_in, today
from service.api.head import HeadAsGet
from service.api.limits import BodyLimit
from service.api.polling import poll_feeds
from service.api.state import open_state, utc_now
from service.current import Load
from service.model import load
from service.settings import Settings

_ROOMS = (
    *(top, score, headlines, stories, adjustments, sources, labels, queue, training_runs),
    *(promotion, changes, models, drift, audit, health, metrics, pages, widget),
)
_EDITOR = (sign_in, today, judge, retrain, drift_page, log)


class Application:
    """The service as an ASGI application: a ready list is answered before anything of the framework is entered."""

    def __init__(self, rooms: FastAPI) -> None:
        self._rooms = rooms
        self.state = rooms.state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a ready list or pass the request on."""
        answer = self.state.service.hot.answer(scope) if scope["type"] == "http" else None
        await (answer or self._rooms)(scope, receive, send)


def create_app(settings: Settings, clock: Callable[[], datetime] = utc_now, load: Load = load) -> Application:
    """The application. Store and model are opened when it starts, and a bad one stops the start."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with _remembered(app), open_state(settings, clock, load) as state:
            app.state.service = state
            stop = asyncio.Event()
            works = (state.keep_current, state.streams.run, state.runner.run, partial(poll_feeds, state))
            loops = [asyncio.create_task(work(stop)) for work in works]
            try:
                yield
            finally:
                stop.set()
                await asyncio.gather(*loops)

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
    for room in (*_ROOMS, *_EDITOR):
        app.include_router(room.router)
    app.mount("/editor/static", StaticFiles(directory=frame.STATIC))
    app.mount("/widget", StaticFiles(directory=pages.STATIC))
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes)
    app.add_middleware(HeadAsGet)
    return Application(app)


@contextmanager
def _remembered(app: FastAPI) -> Iterator[None]:
    """Keeps what stopped the start in ``app.state.failure``: the server only says that it did not start."""
    try:
        yield
    except Exception as exc:
        app.state.failure = exc
        raise
