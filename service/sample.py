"""The sample headlines: a full first page without a network."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from service.text import headline_id
from service.types import Headline

PATH = Path(__file__).resolve().parent.parent / "data" / "sample" / "headlines.jsonl"


def read_sample(path: Path = PATH) -> list[dict[str, Any]]:
    """The sample's rows: title, source, slug, topic and minutes_ago."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]


def sample_headlines(now: datetime, base_url: str) -> list[Headline]:
    """The sample as if it had been published in the hours before ``now``, newest first.

    Keeping it again renews the times, so that the first page is full after every start.
    """
    rows = sorted(read_sample(), key=lambda row: int(row["minutes_ago"]))
    return [_headline(row, now, base_url) for row in rows]


def _headline(row: dict[str, Any], now: datetime, base_url: str) -> Headline:
    url = f"{base_url}/sample/{row['slug']}"
    published_at = now - timedelta(minutes=row["minutes_ago"])
    return Headline(
        headline_id(row["title"], url), row["title"], url, row["source"], published_at, published_at, "en", row["topic"]
    )
