"""``/editor``: today's list, with what makes its scores and what an editor may do about it."""

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
