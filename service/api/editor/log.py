"""``/editor/log``: who changed what."""

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
