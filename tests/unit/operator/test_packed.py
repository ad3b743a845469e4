"""Objects that wait in little memory."""

import json

from registry_operator.cluster.kinds import Object
from registry_operator.cluster.packed import Packed


def body(namespace: str, number: int) -> Object:
    return {"metadata": {"namespace": namespace, "name": f"token-{number}", "note": "n\u00fcrnberg"}}


def test_each_namespaces_objects_come_back_in_whatever_order_they_came() -> None:
    packed = Packed()
    bodies = [body(namespace, number) for number, namespace in enumerate("aabbac")]
    for one in bodies:
        packed.add(one["metadata"]["namespace"], json.dumps(one))
    packed.close()
    packed.close()
    for namespace in "abcd":
        assert packed.of(namespace) == [one for one in bodies if one["metadata"]["namespace"] == namespace]
    assert packed.of("a") is not packed.of("b")
    assert packed.of("b") is packed.of("b")
    packed.drop("b")
    assert packed.of("b") is None
