"""A page of the list as JSON, text and HTML."""

import json
from dataclasses import asdict
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from service.bands import BANDS, band_of, rounded
from service.explain import Why, level
from service.lists import Page
from service.ranking import ListQuery, Row
from service.types import Headline, Score
from service.windows import rfc3339, window_name, window_words

if TYPE_CHECKING:
    from jinja2 import Environment

MORE_PATH = "/top"
"""Where a reader without scripts goes on: the page that shows the rest of the list."""


def list_title(window: timedelta) -> str:
    """What stands above the list."""
    return f"Top News in {window_words(window)} By Importance Score"


def headline_fields(headline: Headline) -> dict[str, Any]:
    """What every answer says of a headline itself."""
    return {
        "id": headline.id,
        "title": headline.title,
        "url": headline.url,
        "source": headline.source,
        "published_at": rfc3339(headline.published_at),
        "date_source": headline.date_source,
        "topic": headline.topic,
        "language": headline.language,
    }


def score_view(score: Score) -> dict[str, Any]:
    """What every answer says of a score: the number, how it looks and how sure it is."""
    band = band_of(score.raw)
    return {
        "i_score": rounded(score.raw),
        "i_score_raw": score.raw,
        "band": band.name,
        "colour": band.colour,
        "symbol": band.symbol,
        "interval": score.interval and [rounded(end) for end in score.interval],
        "percentile": None if score.percentile is None else round(score.percentile, 1),
        "low_confidence": score.doubt,
    }


def item_view(row: Row) -> dict[str, Any]:
    """A row as lists show it."""
    return {
        "rank": row.rank,
        **headline_fields(row.scored.headline),
        **score_view(row.scored.score),
        "topic": row.scored.topic,
        "story": asdict(row.story),
        "previous_rank": row.previous_rank,
        "pinned": row.adjusted == "pin",
        "adjusted": row.adjusted,
    }


def query_params(query: ListQuery) -> list[tuple[str, str]]:
    """A query as the parameters that ask for it; defaults are left out."""
    plain = ListQuery()
    pairs = [("window", window_name(query.window))] if query.window != plain.window else []
    pairs += [("limit", str(query.limit))] if query.limit != plain.limit else []
    pairs += [("source", one) for one in query.sources]
    pairs += [("topic", one) for one in query.topics]
    pairs += [("band", one) for one in query.bands]
    pairs += [("min_score", str(query.min_score))] if query.min_score else []
    if query.weights:
        pairs.append(("weights", ",".join(f"{name}:{weight!r}".removesuffix(".0") for name, weight in query.weights)))
    pairs += [("collapse", query.collapse)] if query.collapse != plain.collapse else []
    return pairs


def next_link(page: Page, path: str) -> str | None:
    """Address of the page behind this one, as seen from the host's root; None on the last page."""
    if page.next_cursor is None:
        return None
    return f"{path}?{urlencode([*query_params(page.query), ('cursor', page.next_cursor)])}"


def self_link(page: Page, path: str) -> str:
    """Address of this very page, now and later: a cursor or ``as_of`` holds the moment that it is of."""
    moment = ("cursor", page.cursor) if page.cursor else ("as_of", rfc3339(page.as_of))
    return f"{path}?{urlencode([*query_params(page.query), moment])}"


def as_json(page: Page, path: str) -> bytes:
    """The list as the wire contract has it (docs/api.md)."""
    body = {
        "title": list_title(page.query.window),
        "window": window_name(page.query.window),
        "as_of": rfc3339(page.as_of),
        "list_version": page.version,
        "model": page.model,
        "total": page.ranking.total,
        "unscored": page.unscored,
        "degraded": page.unscored > 0,
        "items": [item_view(row) for row in page.ranking.rows],
        "links": {"self": self_link(page, path), "next": next_link(page, path)},
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def as_text(page: Page) -> bytes:
    """The list as a table for terminals."""
    lines = [list_title(page.query.window), ""]
    for row in page.ranking.rows:
        view, headline = score_view(row.scored.score), row.scored.headline
        doubt = view["low_confidence"]
        lines.append(
            f"{row.rank:>3}. {view['symbol']} {view['i_score']:>3} / 100  {headline.title} ({headline.source})"
            + (" [pinned]" if row.adjusted == "pin" else "")
            + (f" [uncertain: {doubt}]" if doubt else "")
        )
    if not page.ranking.rows:
        lines.append("No headlines in this window.")
    return ("\n".join(lines) + "\n").encode()


def as_html(page: Page, base: str) -> bytes:
    """The list as a fragment to put into a page; ``base`` goes before its links to the service itself."""
    return render("fragment.html", list_context(page, base))


def list_context(page: Page, base: str, why: str = "") -> dict[str, Any]:
    """What ``list.html`` and the pages around it need; ``why`` is the address under which scores are explained."""
    return {
        "why": why,
        "heading": list_title(page.query.window),
        "rows": [item_view(row) for row in page.ranking.rows],
        "bands": {band.name: band for band in BANDS},
        "base": base.rstrip("/"),
        "more": next_link(page, MORE_PATH),
    }


def why_context(headline: Headline, score: Score, model: str, why: Why) -> dict[str, Any]:
    """What ``why.html`` needs."""
    return {
        **headline_fields(headline),
        "score": score_view(score),
        "model": model,
        "base_points": why.base,
        "words": [{**asdict(word), "level": level(word.points)} for word in why.words],
    }


def render(template: str, context: dict[str, Any]) -> bytes:
    """One of the service's HTML pages. Every value is escaped unless a template says otherwise; none does."""
    return _environment().get_template(template).render(context).encode()


@cache
def _environment() -> "Environment":
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined  # not needed for the first list

    loader = ChoiceLoader([PackageLoader("service", f"{room}/templates") for room in ("widget", "editor")])
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
