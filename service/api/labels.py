"""``/v1/labels``: what editors judge."""

from fastapi import APIRouter

router = APIRouter(tags=["labels"])
