"""``/editor/retrain``: train, look at what would change, put live, go back."""

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
