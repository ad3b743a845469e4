"""Takes a list apart while it comes, object by object: a long one never is in memory as a whole.

As https://kubernetes.io/docs/reference/using-api/api-concepts/ has it, a list is a JSON object with `items` beside
`apiVersion`, `kind` and `metadata`, in either order.
"""

import codecs
import json
import re
from typing import Any, Final

from registry_operator.cluster.kinds import Object

_ITEMS: Final = re.compile(r'"items"\s*:\s*\[')
_BETWEEN: Final = re.compile(r"[\s,]*")
_DECODER: Final = json.JSONDecoder()


class ListReader:
    """Is fed the bytes of one list."""

    def __init__(self) -> None:
        self._characters = codecs.getincrementaldecoder("utf-8")()
        self._text = ""
        self._before: str | None = None
        self._over = False

    def feed(self, data: bytes) -> list[tuple[str, Object]]:
        """The items that `data` completes, each as its JSON and as what that says. Raises UnicodeDecodeError."""
        self._text += self._characters.decode(data)
        if self._before is None:
            found = _ITEMS.search(self._text)
            if found is None:
                return []
            self._before, self._text = self._text[: found.end()], self._text[found.end() :]
        items, place = [], 0
        while not self._over:
            begin = _skip(self._text, place)
            if self._text.startswith("]", begin):
                self._over, place = True, begin
            elif (read := _value(self._text, begin)) is None:
                break
            else:
                body, place = read
                items.append((self._text[begin:place], body))
        self._text = self._text[place:]
        return items

    def rest(self) -> Any:  # Any: JSON
        """The list without its items, once all was fed. Raises JSONDecodeError when that is not the whole of it."""
        return json.loads((self._before or "") + self._text)


def _skip(text: str, begin: int) -> int:
    between = _BETWEEN.match(text, begin)
    return begin if between is None else between.end()


def _value(text: str, begin: int) -> tuple[Object, int] | None:
    """The object that begins there, and where it ends; None when more of it is to come."""
    try:
        return _DECODER.raw_decode(text, begin)
    except json.JSONDecodeError:
        return None
