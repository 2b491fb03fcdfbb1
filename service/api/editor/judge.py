"""``/editor/judge``: the queue of headlines to judge."""

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
