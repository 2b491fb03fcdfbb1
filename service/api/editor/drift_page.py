"""``/editor/drift``: plots of what has changed."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from service.api.deps import StateDep
from service.api.drift_watch import ROWS
from service.api.editor.frame import Reader, page
from service.drift.parts import ENOUGH, Part, PartName
from service.drift.report import Report
from service.editor import plots
from service.windows import rfc3339

router = APIRouter(include_in_schema=False)

_TITLES: Mapping[PartName, str] = {
    "scores": "Spread of scores",
    "topics": "Mix of topics",
    "unreadable": "Words the model cannot read",
    "doubted": "Scores that mean little",
    "spearman": "Order, beside the editors'",
    "error": "Distance from the editors",
    "bias": "Lean, beside the editors",
}
_WINDOWS = {"24h": "last 24 hours", "7d": "last 7 days", "30d": "last 30 days"}


@router.get("/editor/drift")
def drift_page(request: Request, state: StateDep, key: Reader) -> Response:
    """Whether news and editors are still what the model was made for, in words and plots."""
    seen = state.drift.report(state.model)
    return page(
        request,
        "drift.html",
        key,
        seen=seen,
        at=rfc3339(seen.at.replace(microsecond=0)),
        parts=[_shown(part) for part in seen.parts],
        windows=_WINDOWS,
        enough=ENOUGH,
        most=ROWS,
        **_drawn(seen),
    )


def _drawn(seen: Report) -> dict[str, Any]:
    """Each plot, or None where there is too little to draw; ``window`` is the shortest with enough headlines."""
    enough = {part.window: part.n for part in seen.parts if part.name == "scores" and part.n >= ENOUGH}
    window = next(iter(enough), None)
    return {
        "window": window,
        "histogram": window and plots.histogram(seen.histogram, window),
        "topics": window and plots.topic_bars(seen.topics, window),
        "agreement": plots.agreement(seen.judged) if seen.judged else None,
        "means": plots.mean_scores(seen.days) if sum(one.mean is not None for one in seen.days) > 1 else None,
        "psis": plots.daily_psi(seen.days) if sum(one.psi is not None for one in seen.days) > 1 else None,
    }


def _shown(part: Part) -> dict[str, Any]:
    return {
        "title": f"{_TITLES[part.name]}, {_WINDOWS[part.window]}",
        "state": part.state,
        "says": part.says,
        "figure": None if part.value is None else _figure(part, part.value),
    }


def _figure(part: Part, value: float) -> str:
    """The value with its interval, and where watching and the alarm begin."""
    spelt = "{:.2f}" if part.watch is not None and part.watch < 1 else "{:+.1f}" if part.name != "error" else "{:.1f}"
    words = [spelt.format(value)]
    if part.interval:
        words.append(f"({' to '.join(map(spelt.format, part.interval))})")
    ends = {"watch": part.watch, "alarm": part.alarm}
    limits = [f"{name} at {end:.3g}" for name, end in ends.items() if end is not None]
    return " ".join(words) + (f"; {', '.join(limits)}" if limits else "")
