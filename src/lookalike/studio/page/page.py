"""Everything of the page, to be put into the application."""

from __future__ import annotations

from fastapi import APIRouter

from lookalike.studio.page.assets import SHOWN, assets
from lookalike.studio.page.library import library
from lookalike.studio.page.reading import reading
from lookalike.studio.studio import Studio

__all__ = ["SHOWN", "page"]


def page(studio: Studio) -> tuple[APIRouter, ...]:
    """The addresses of the page; those in `SHOWN` hold nothing that anybody made."""
    return assets(), reading(studio), library(studio)
