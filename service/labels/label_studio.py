"""Label Studio's JSON: tasks with ``data`` and ``annotations``, as it exports them and imports them again.

Read are ratings (stars), numbers (0-100), pairwise and choices. A choice can be a word or number of ANCHORS, left,
right or tie for two titles, or that it cannot be judged, with the reason in a text area.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from service.errors import InputError
from service.judgements import judgement_from
from service.labels.rows import (
    TITLE_FIELDS,
    Found,
    Import,
    as_number,
    event_of,
    is_event_id,
    moment_of,
    name_of,
    points_of,
    seconds_of,
)
from service.store.editorial import LabelEvent
from service.types import Judgement
from service.windows import rfc3339

STARS = 5
"""Of a rating, unless the import says otherwise."""
ANCHORS = {"trifle": 1, "minor": 2, "notable": 3, "major": 4, "historic": 5}
_SIDES = {"left": 0, "right": 1}
_TIES = {"tie", "neither", "none", "equal", "same", "both"}
_CANNOT = re.compile(
    r"(can'?t|can ?not|cannot|unable to) (judge|say|tell|rate|score)|skip|not a headline", re.IGNORECASE
)
_EXTREMES = ("best", "worst")
_COUNTS: dict[str, tuple[int, ...]] = {"score": (1,), "pair": (2,), "best_worst": (4,), "cannot_judge": (4, 3, 2, 1)}


def read_tasks(content: bytes, asked: Import) -> Found:
    """The events of an export. What was skipped, or not judged yet, is left out; the first task is 1."""
    try:
        tasks = json.loads(content)
    except (ValueError, RecursionError) as exc:
        raise InputError(f"this is not JSON: {exc}") from exc
    if not isinstance(tasks, list):
        raise InputError("this is not Label Studio's JSON: it must be a list of tasks")
    found = Found()
    for number, task in enumerate(tasks, 1):
        try:
            _take(task, f"task {number}", asked, found)
        except InputError as exc:
            found.bad.append(f"task {number}: {exc}")
    return found


def to_tasks(events: Iterable[LabelEvent]) -> list[dict[str, Any]]:
    """Judgements as annotated tasks, one for all that is said of the same titles; undos and repeats have no place.

    Who judged is in ``iscore``: Label Studio refuses annotations whose ``completed_by`` it does not know.
    """
    tasks: dict[tuple[str, ...], dict[str, Any]] = {}
    for event in events:
        if event.judgement and not event.repeat:
            titles = event.judgement.titles
            names = ["title"] if len(titles) == 1 else [f"title_{number}" for number in range(1, len(titles) + 1)]
            task = tasks.setdefault(titles, {"data": dict(zip(names, titles, strict=True)), "annotations": []})
            task["annotations"].append(_annotation(event, event.judgement, names))
    return list(tasks.values())


def _take(task: object, place: str, asked: Import, found: Found) -> None:
    if not isinstance(task, Mapping) or not isinstance(task.get("data"), Mapping):
        raise InputError("is no task: it has no data")
    annotations = task.get("annotations", task.get("completions"))
    if not isinstance(annotations, list) or not annotations:
        found.left_out.append(f"{place}: has no annotations")
        return
    for number, annotation in enumerate(annotations, 1):
        here = f"{place}, annotation {number}"
        try:
            if not isinstance(annotation, Mapping) or not isinstance(annotation.get("result"), list):
                raise InputError("has no result")
            if annotation.get("was_cancelled") or not annotation["result"]:
                found.left_out.append(f"{here}: was skipped")
            else:
                found.keep(here, _event(task["data"], annotation, asked))
        except InputError as exc:
            found.bad.append(f"{here}: {exc}")


def _event(data: Mapping[str, object], annotation: Mapping[str, Any], asked: Import) -> LabelEvent:
    said = _said(annotation["result"], asked.steps or STARS)
    judgement = judgement_from({**said, "titles": _titles(data, _COUNTS[said["kind"]])})
    at = moment_of(annotation.get("created_at"), "created_at", naive=True)
    ours = annotation.get("iscore")
    ours = ours if isinstance(ours, Mapping) else {}
    by = _annotator(annotation.get("completed_by")) or name_of(ours.get("by"), "by") or asked.by
    event = event_of(judgement, by, at, asked, seconds=seconds_of(annotation.get("lead_time")))
    return replace(event, id=ours["id"]) if is_event_id(ours.get("id")) else event


def _annotator(who: object) -> str:
    """A user's address or name; of a mere number, what tells it from the numbers of other tools."""
    if isinstance(who, Mapping):
        return next(
            (name_of(who[key], "by") for key in ("email", "username") if who.get(key)), _annotator(who.get("id"))
        )
    return f"labelstudio-{who}" if isinstance(who, int) and abs(who) < 1e18 else name_of(who, "completed_by")


def _said(results: Iterable[object], steps: int) -> dict[str, Any]:
    """What all results of an annotation say together."""
    said: dict[str, Any] = {}
    for one in results:
        if isinstance(one, Mapping) and isinstance(one.get("value"), Mapping):
            for field, value in _reading(one, one["value"], steps).items():
                if said.setdefault(field, value) != value:
                    raise InputError(f"says two things: {field} is {said[field]} and {value}")
    if "kind" not in said:
        raise InputError("has no rating, number, pairwise or choice that can be read")
    return {**said, "reason": said.get("reason") or said.get("choice")}


def _reading(result: Mapping[str, object], value: Mapping[str, object], steps: int) -> dict[str, Any]:
    match result.get("type"):
        case "rating":
            return {"kind": "score", "i_score": points_of(value.get("rating"), steps)}
        case "number":
            return {"kind": "score", "i_score": as_number(value.get("number"))}
        case "pairwise":
            return _choice("", str(value.get("selected")), steps)
        case "choices":
            choices = value.get("choices")
            if not isinstance(choices, list) or len(choices) != 1:
                raise InputError("choices: must be one")
            return _choice(str(result.get("from_name")), str(choices[0]), steps)
        case "textarea":
            text = value.get("text")
            return {"reason": " ".join(map(str, text)) if isinstance(text, list) else text}
    return {}


def _choice(name: str, choice: str, steps: int) -> dict[str, Any]:
    word = choice.strip().lower()
    if name in _EXTREMES:
        number = as_number(word)
        return {"kind": "best_worst", name: number - 1 if isinstance(number, int) else number}
    if word in ANCHORS or word.isdecimal():
        return {
            "kind": "score",
            "i_score": points_of(ANCHORS[word], STARS) if word in ANCHORS else points_of(word, steps),
        }
    if word in _SIDES or word in _TIES:
        return {"kind": "pair", "best": _SIDES.get(word)}
    if _CANNOT.search(word):
        return {"kind": "cannot_judge", "choice": choice}
    raise InputError(f"choice {choice[:40]!r} says nothing of importance")


def _titles(data: Mapping[str, object], counts: Sequence[int]) -> list[object]:
    """The fields that hold as many titles, by their names, else all texts there are if they are as many."""
    for count in counts:
        for stem in TITLE_FIELDS:
            for names in ([f"{stem}_{n}" for n in range(1, count + 1)], [f"{stem}{n}" for n in range(1, count + 1)]):
                if all(name in data for name in names):
                    return [data[name] for name in names]
        if count == 1 and (named := [data[stem] for stem in TITLE_FIELDS if data.get(stem)]):
            return named[:1]
    texts: list[object] = [value for value in data.values() if isinstance(value, str)]
    if len(texts) in counts:
        return texts
    raise InputError(f"data: cannot tell the titles: call them {'title' if 1 in counts else 'title_1, title_2 ...'}")


def _annotation(event: LabelEvent, judgement: Judgement, names: Sequence[str]) -> dict[str, Any]:
    annotation = {
        "result": list(_results(judgement, names)),
        "was_cancelled": False,
        "ground_truth": False,
        "created_at": rfc3339(event.at),
        "iscore": {"id": event.id, "by": event.by},
    }
    return annotation if event.seconds is None else {**annotation, "lead_time": event.seconds}


def _results(judgement: Judgement, names: Sequence[str]) -> Iterable[dict[str, Any]]:
    def result(name: str, type_: str, value: dict[str, object], to: str = names[0]) -> dict[str, Any]:
        return {"id": name, "from_name": name, "to_name": to, "type": type_, "value": value}

    if judgement.kind == "score":
        yield result("i_score", "number", {"number": judgement.i_score})
    elif judgement.kind == "best_worst":
        for name in _EXTREMES:
            yield result(name, "choices", {"choices": [str(getattr(judgement, name) + 1)]})
    elif judgement.best is not None:
        yield result("pair", "pairwise", {"selected": ("left", "right")[judgement.best]}, ",".join(names))
    else:
        word = "tie" if judgement.kind == "pair" else "cannot judge"
        yield result("choice", "choices", {"choices": [word]})
    if judgement.reason:
        yield result("reason", "textarea", {"text": [judgement.reason]})
