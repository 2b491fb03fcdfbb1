"""``/v1/models/{version}/changes``: what would change in the lists under another model."""

from fastapi import APIRouter

router = APIRouter(tags=["models"])
