"""``/v1/audit``: who changed what."""

from fastapi import APIRouter

router = APIRouter(tags=["audit"])
