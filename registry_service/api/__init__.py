"""HTTP: the only code that imports FastAPI. `reads` answers clients, routes the rest, `pages` people."""
