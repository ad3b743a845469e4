"""Addresses on loopback, and ports for what listens on every address."""

from __future__ import annotations

import secrets
import socket


def own_address() -> str:
    """One of the sixteen million loopback addresses, drawn by lot: whoever has it may use the usual ports."""
    return ".".join(["127", *(str(1 + secrets.randbelow(250)) for _ in range(3))])


def free_port() -> int:
    """A port that nobody listens on, below those that Linux gives to outgoing connections."""
    while True:
        port = 10_000 + secrets.randbelow(20_000)
        with socket.socket() as tried:
            try:
                tried.bind(("0.0.0.0", port))
            except OSError:
                continue
            return port
