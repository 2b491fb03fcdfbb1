"""``/editor/drift``: plots of what has changed."""

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
