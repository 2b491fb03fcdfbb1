"""``/v1/models/{version}/promote`` and ``/v1/models/rollback``: which model serves."""

from fastapi import APIRouter

router = APIRouter(tags=["models"])
