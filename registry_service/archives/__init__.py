"""Reads uploaded archives in processes that can be killed: bytes from outside never reach the service's own.

`ArchivePool` is the door; `reading` does the work on the other side of a pipe, `__main__` is that process.
"""

from registry_service.archives.pool import ArchivePool

__all__ = ["ArchivePool"]
