"""Reads uploaded archives in processes that can be killed: bytes from outside never reach the service's own.

`ArchivePool` is the door, `process` one process behind it; `__main__` is that process, and `reading` does its work.
"""

from registry_service.archives.pool import ArchivePool

__all__ = ["ArchivePool"]
