"""``/v1/training-runs``: retrain from editors' labels."""

from fastapi import APIRouter

router = APIRouter(tags=["training"])
