"""What a replica keeps: pages, which are believed only after the database was asked for their serial, and counts."""

from registry_service.memory.pages import Page, PageMemory

__all__ = ["Page", "PageMemory"]
