"""What counts as news about the sets that a registry holds."""

from registry_operator.reconcilers.keys import RegistryKey
from registry_operator.reconcilers.sync_memory import SyncMemory
from registry_service.contract.sync import SetSummary

DEMO = RegistryKey("team-a", "demo")


def summary(uid: str, etag: str = '"1"', *, revoked: tuple[str, ...] = ()) -> SetSummary:
    return SetSummary(namespace=f"ns-{uid}", namespace_uid=uid, digest=f"of {etag}", etag=etag, revoked=revoked)


def test_after_a_start_every_set_is_news() -> None:
    memory = SyncMemory()
    assert memory.replace(DEMO, [summary("a"), summary("b")]) == {"ns-a", "ns-b"}


def test_what_was_acknowledged_is_no_news_and_what_others_did_is() -> None:
    memory = SyncMemory()
    memory.note(DEMO, summary("a", '"2"'))
    memory.note(DEMO, summary("b", '"2"'))
    memory.note(DEMO, summary("gone"))
    memory.note(DEMO, summary("revoked"))
    now = [summary("a", '"2"'), summary("b", '"3"'), summary("new"), summary("revoked", revoked=("x",))]
    assert memory.replace(DEMO, now) == {"ns-b", "ns-gone", "ns-new", "ns-revoked"}
    assert memory.replace(DEMO, now) == frozenset()


def test_what_a_pass_over_one_set_learned_of_the_others_is_still_news() -> None:
    """The RegistryToken of such a set may have been deleted while no operator ran."""
    memory = SyncMemory()
    memory.learn(DEMO, [summary("mine"), summary("orphan"), summary("gone")])
    memory.note(DEMO, summary("mine"))
    now = [summary("mine"), summary("orphan")]
    assert memory.replace(DEMO, now) == {"ns-orphan", "ns-gone"}
    assert memory.replace(DEMO, now) == frozenset()


def test_registries_are_kept_apart_and_forgotten() -> None:
    memory = SyncMemory()
    memory.note(DEMO, summary("a"))
    assert memory.held(RegistryKey("team-b", "demo")) == {}
    memory.forget(DEMO)
    assert memory.held(DEMO) == {}
