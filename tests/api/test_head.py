"""HEAD at the level of messages: test clients drop a body that should not have been sent."""

import asyncio

from starlette.responses import PlainTextResponse
from starlette.types import Message

from service.api.head import HeadAsGet


def messages(method: str) -> list[Message]:
    """What is sent for a text of five letters."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(HeadAsGet(PlainTextResponse("hello"))({"type": "http", "method": method}, receive, send))
    return sent


def test_head_has_the_headers_of_get_and_no_byte_of_its_body() -> None:
    (get_start, get_body), (head_start, head_body) = messages("GET"), messages("HEAD")
    assert head_start == get_start
    assert (b"content-length", b"5") in head_start["headers"]
    assert (get_body["body"], head_body["body"]) == (b"hello", b"")
