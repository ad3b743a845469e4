"""What a replica keeps: pages. Nothing here is believed without asking the database for its serial."""

from registry_service.memory.pages import Page, PageMemory

__all__ = ["Page", "PageMemory"]
