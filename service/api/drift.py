"""``/v1/drift``: whether headlines and labels still look as the model expects."""

from fastapi import APIRouter

router = APIRouter(tags=["drift"])
