"""``/editor/log``: who changed what."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from service.api.audit import Action, Before, By
from service.api.deps import StateDep
from service.api.editor.frame import Reader, page
from service.editor import audit as log

router = APIRouter(include_in_schema=False)

_PATH = "/editor/log"
_ROWS = 50
_NOBODY = ("command line", "schedule")
"""Who changes things without a key."""


@router.get(_PATH)
def log_page(
    request: Request, state: StateDep, key: Reader, by: By = None, action: Action = None, before: Before = None
) -> Response:
    """The log in words, newest first."""
    by, action = by or None, action or None  # what a form sends for "all"
    found = state.store.audit.entries(_ROWS + 1, before, by, action)
    names = log.key_names(state.store)
    callers = {**{one.id: one.name or one.id for one in state.store.keys()}, **{one: one for one in _NOBODY}}
    asked = {"by": by, "action": action}
    return page(
        request,
        "log.html",
        key,
        rows=[_shown(log.row(one, names)) for one in found[:_ROWS]],
        callers=callers,
        nobody=_NOBODY,
        actions=sorted(log.DEEDS),
        asked=asked,
        first=_address(asked) if before else None,
        older=_address({**asked, "before": found[_ROWS - 1].number}) if found[_ROWS:] else None,
        files={format_: f"/v1/audit?{_query({**asked, 'format': format_})}" for format_ in log.MEDIA_TYPES},
    )


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    details = {name: _plain(value) for name, value in row["details"].items() if value not in (None, "", [], {})}
    return {**row, "details": details}


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _address(asked: Mapping[str, object]) -> str:
    return f"{_PATH}?{_query(asked)}".removesuffix("?")


def _query(asked: Mapping[str, object]) -> str:
    return urlencode({name: value for name, value in asked.items() if value is not None})
