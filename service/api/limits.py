"""What the service refuses early: bodies too large, and more work than it can do."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.problems import problem
from service.errors import BusyError


class BodyLimit:
    """ASGI middleware: reads a request's body, sized or chunked, and answers 413 once it is over ``max_bytes``."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its body in one message."""
        if scope["type"] != "http" or scope["method"] in {"GET", "OPTIONS"}:
            await self.app(scope, receive, send)
            return
        body = bytearray()
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > self.max_bytes:
                detail = f"The body is larger than {self.max_bytes} bytes; send it in parts."
                await problem(413, "too-large", detail, headers={"Connection": "close"})(scope, receive, send)
                return
        whole: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

        async def replay() -> Message:
            return whole.pop() if whole else await receive()

        await self.app(scope, replay, send)


class Admission:
    """At most ``places`` scoring requests at a time; the next one is told to come back."""

    def __init__(self, places: int) -> None:
        self._places = BoundedSemaphore(places)

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place; BusyError when all are taken."""
        if not self._places.acquire(blocking=False):
            raise BusyError("The service has all the scoring work it can take; try again in a second.")
        try:
            yield
        finally:
            self._places.release()
