"""``/v1/queue``: what to judge next."""

from fastapi import APIRouter

router = APIRouter(tags=["labels"])
