"""What a publisher puts into a page to show the list: the element with its script, or a frame."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

from service import forms
from service.ranking import ListQuery
from service.widget.script import script
from service.windows import window_name

MAX_ROWS = 50
"""Rows that the element shows at most."""
OEMBED_PATH = "/v1/oembed"
FRAME_PATH = "/widget/embed.html"
_FRAME_WIDTH = 400
_ROW_EM = 7
_PADDING_EM = 2
_EM_PX = 16


def height_em(rows: int) -> int:
    """How much room the element keeps for ``rows`` headlines: two rows more, for what stands around the list."""
    return _ROW_EM * (rows + 2) + _PADDING_EM


def frame_size(rows: int) -> tuple[int, int]:
    """Width and height of a frame in pixels."""
    return _FRAME_WIDTH, height_em(min(rows, MAX_ROWS)) * _EM_PX


def context(base: str, query: ListQuery) -> dict[str, Any]:
    """What templates need that show the element with the list of ``query``; ``base`` is the service's own address."""
    params = forms.query_params(query)
    filters = urlencode([pair for pair in params if pair[0] not in {"window", "limit"}])
    address = f"{base}{forms.MORE_PATH}" + (f"?{urlencode(params)}" if params else "")
    limit = min(query.limit, MAX_ROWS)
    return {
        "script": script(),
        "source": "/v1/top" + (f"?{filters}" if filters else ""),
        "window": window_name(query.window),
        "limit": limit,
        "height": height_em(limit),
        "oembed": f"{base}{OEMBED_PATH}?{urlencode({'url': address, 'format': 'json'})}",
    }


def snippet(base: str, query: ListQuery, heading: str, rows: Sequence[dict[str, Any]] = ()) -> str:
    """HTML to copy into a page anywhere; ``rows`` only where a server fills them in anew for every reader."""
    shown = {"base": base, "heading": heading, "rows": rows}
    return forms.render("snippet.html", {**context(base, query), **shown}).decode()


def frame(base: str, params: Sequence[tuple[str, str]], size: tuple[int, int]) -> str:
    """HTML of a frame with the list, for pages that allow no scripts of others."""
    src = f"{base}{FRAME_PATH}" + (f"?{urlencode(params)}" if params else "")
    return forms.render("frame.html", {"src": src, "width": size[0], "height": size[1]}).decode().strip()


def oembed(base: str, url: str, max_width: int | None = None, max_height: int | None = None) -> dict[str, Any] | None:
    """What oEmbed 1.0 says of a page of ours that shows the list; None for any other address."""
    address, _, asked = url.partition("#")[0].partition("?")
    if address not in {base, f"{base}/", base + forms.MORE_PATH}:
        return None
    params = [pair for pair in parse_qsl(asked) if pair[0] != "cursor"]
    limit = dict(params).get("limit", "")
    width, height = frame_size(int(limit[:4]) if limit.isdecimal() else ListQuery().limit)
    width, height = min(width, max_width or width), min(height, max_height or height)
    return {
        "version": "1.0",
        "type": "rich",
        "title": "Top news",
        "provider_name": "iscore",
        "provider_url": f"{base}/",
        "cache_age": 3600,
        "html": frame(base, params, (width, height)),
        "width": width,
        "height": height,
    }
