"""An API server in memory, for tests that stop a pass at every single call; tests/contract holds it to the real one.

It knows what the operator relies on: uids and resource versions as preconditions, label selectors, and that an
apply takes back the fields which the same manager applied before and no longer does.
"""

import copy
import itertools
from collections.abc import AsyncIterator, Iterator
from typing import Any

from registry_operator.cluster.kinds import Kind, Object, kind_named
from registry_operator.errors import AlreadyExistsError, ChangedMeanwhileError
from registry_operator.resources.names import FIELD_MANAGER

Key = tuple[str, str | None, str]


class FakeKube:
    """Objects by kind, namespace and name. `writes` names what the operator wrote."""

    def __init__(self) -> None:
        self.objects: dict[Key, Object] = {}
        self.writes: list[str] = []
        self._applied: dict[tuple[Key, str | None], Object] = {}
        self._posted: dict[Key, Object] = {}
        self._numbers = itertools.count(1)

    async def get(self, kind: Kind, namespace: str | None, name: str) -> Object | None:
        return copy.deepcopy(self.objects.get((kind.name, namespace, name)))

    async def find(self, kind: Kind, namespace: str | None = None, *, labels: str | None = None) -> list[Object]:
        found = [body for key, body in sorted(self.objects.items(), key=str) if key[0] == kind.name]
        return copy.deepcopy([body for body in found if _in(namespace, body) and _selected(labels, body)])

    async def pages(
        self, kind: Kind, namespace: str | None = None, *, labels: str | None = None
    ) -> AsyncIterator[list[Object]]:
        found = await self.find(kind, namespace, labels=labels)
        yield sorted(found, key=lambda body: (f"{body['metadata'].get('namespace')}/", body["metadata"]["name"]))

    async def create(self, body: Object) -> Object:
        key = _key(body)
        if key in self.objects:
            raise AlreadyExistsError(f"{key} exists already")
        made = copy.deepcopy(body)
        made["metadata"] |= {"uid": f"uid-{next(self._numbers)}", "generation": 1}
        made["metadata"]["managedFields"] = [{"manager": FIELD_MANAGER, "operation": "Update"}]
        self._store(key, made, "create")
        self._posted[key] = _content(body, None)
        return copy.deepcopy(made)

    async def apply(self, body: Object, *, subresource: str | None = None) -> Object:
        key = _key(body)
        present = self.objects.get(key)
        for field in ("uid", "resourceVersion"):
            wanted = body["metadata"].get(field)
            if present is None or wanted not in (None, present["metadata"][field]):
                raise ChangedMeanwhileError(f"{key}: another {field}")
        assert present is not None
        content = _content(body, subresource)
        merged = _merged(_without(present, self._applied.get((key, subresource), {}), content), content)
        self._applied[key, subresource] = content
        merged["metadata"]["managedFields"] = _managed(present)
        if merged != present:
            self._store(key, merged, f"apply {subresource or ''}".strip())
        return copy.deepcopy(self.objects[key])

    async def patch(self, observed: Object, operations: list[Object]) -> Object:
        key = _key(observed)
        present = self.objects.get(key)
        if present is None or present["metadata"]["resourceVersion"] != observed["metadata"]["resourceVersion"]:
            raise ChangedMeanwhileError(f"{key}: another resourceVersion")
        (operation,) = operations
        changed = copy.deepcopy(present)
        if operation["path"] in ("/metadata/ownerReferences", "/spec"):
            assert operation["op"] == "add"
            field = operation["path"].rpartition("/")[2]
            (changed if field == "spec" else changed["metadata"])[field] = operation["value"]
            self._store(key, changed, "patch")
            return copy.deepcopy(changed)
        if operation["path"] == "/spec/resources/requests/storage":
            changed["spec"]["resources"]["requests"]["storage"] = operation["value"]
            self._store(key, changed, "patch")
            return copy.deepcopy(changed)
        assert (operation["op"], operation["path"]) == ("replace", "/metadata/managedFields")
        changed["metadata"]["managedFields"] = operation["value"]
        # What the manager made by POST now counts as applied by it.
        self._applied.setdefault((key, None), self._posted[key])
        self._store(key, changed, "patch")
        return copy.deepcopy(changed)

    async def delete(self, observed: Object) -> None:
        key = _key(observed)
        present = self.objects.get(key)
        if present is None:
            return
        if present["metadata"]["uid"] != observed["metadata"]["uid"]:
            raise ChangedMeanwhileError(f"{key}: another uid")
        self.remove(*key)
        self.writes.append(f"delete {key[0]} {key[2]}")

    def put(self, body: Object) -> Object:
        """Store an object as a person or another controller does; returns it as it is then."""
        key = _key(body)
        stored = copy.deepcopy(body)
        stored["metadata"].setdefault("uid", f"uid-{next(self._numbers)}")
        stored["metadata"].setdefault("generation", 1)
        self._store(key, stored, "")
        return copy.deepcopy(stored)

    def remove(self, kind: str, namespace: str | None, name: str) -> None:
        """Delete an object as a person does, with all that it owns."""
        gone = self.objects.pop((kind, namespace, name))
        for subresource in (None, "status"):
            self._applied.pop(((kind, namespace, name), subresource), None)
        owned = [key for key, body in self.objects.items() if gone["metadata"]["uid"] in _owners(body)]
        for key in owned:
            self.remove(*key)

    def _store(self, key: Key, body: Object, verb: str) -> None:
        body["metadata"]["resourceVersion"] = str(next(self._numbers))
        self.objects[key] = body
        if verb:
            self.writes.append(f"{verb} {key[0]} {key[2]}")


def _key(body: Object) -> Key:
    kind = kind_named(body["kind"])
    return kind.name, body["metadata"].get("namespace") if kind.namespaced else None, body["metadata"]["name"]


def _in(namespace: str | None, body: Object) -> bool:
    return namespace is None or body["metadata"].get("namespace") == namespace


def _selected(labels: str | None, body: Object) -> bool:
    present: dict[str, str] = body["metadata"].get("labels", {})
    return all(_has(present, term) for term in (labels or "").split(",") if term)


def _has(present: dict[str, str], term: str) -> bool:
    if term.startswith("!"):
        return term[1:] not in present
    name, equals, value = term.partition("=")
    return name in present and (not equals or present[name] == value)


def _owners(body: Object) -> Iterator[str]:
    return (owner["uid"] for owner in body["metadata"].get("ownerReferences", []))


def _managed(present: Object) -> list[Object]:
    entries: list[Object] = present["metadata"].get("managedFields", [])
    applied = {"manager": FIELD_MANAGER, "operation": "Apply"}
    return entries if applied in entries else [*entries, applied]


def _content(body: Object, subresource: str | None) -> Object:
    """The part of a manifest that an apply owns."""
    if subresource is not None:
        return {subresource: copy.deepcopy(body[subresource])}
    kept = {key: value for key, value in body.items() if key not in ("status", "metadata")}
    metadata = {key: body["metadata"][key] for key in ("labels", "annotations") if key in body["metadata"]}
    return copy.deepcopy(kept | {"metadata": metadata})


def _without(present: Any, former: Any, wanted: Any) -> Any:  # Any: JSON
    """`present` without what was applied before and is not wanted any more."""
    if not isinstance(present, dict) or not isinstance(former, dict):
        return copy.deepcopy(present)
    left = {}
    for key, value in present.items():
        if key in former and key not in wanted:
            continue
        inner = wanted.get(key) if isinstance(wanted.get(key), dict) else {}
        left[key] = _without(value, former.get(key), inner)
    return left


def _merged(present: Any, wanted: Any) -> Any:  # Any: JSON
    if not isinstance(present, dict) or not isinstance(wanted, dict):
        return copy.deepcopy(wanted)
    return present | {key: _merged(present.get(key), value) for key, value in wanted.items()}
