"""The only code that imports Kopf, with the composition root: every handler only says what changed.

Kopf brings watches, login, probes and the shutdown; nothing of it touches the objects, because no handler here
is of the kind that needs its annotations or its finalizer.
"""
