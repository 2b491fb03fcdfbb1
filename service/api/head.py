"""HEAD, for every address that knows GET."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEAD = "iscore.head"
"""Is in the scope of a GET that was a HEAD: a body without an end must not begin."""


class HeadAsGet:
    """ASGI middleware: answers HEAD with what GET would say, less the body (RFC 9110, 9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Ask the application for GET and keep the body back."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def send_headers(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await self.app({**scope, "method": "GET", HEAD: True}, receive, send_headers)
