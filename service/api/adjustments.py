"""``/v1/pins``: editors' pins, boosts and mutes."""

from fastapi import APIRouter

router = APIRouter(tags=["lists"])
