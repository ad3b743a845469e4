"""Which keys an event concerns."""

from registry_operator.reconcilers.keys import Key, RegistryKey, TokenSetKey
from registry_operator.reconcilers.routing import Routing
from registry_operator.resources import names

DEMO = RegistryKey("team-a", "demo")
OTHER = RegistryKey("team-c", "other")
A_IN_DEMO, B_IN_DEMO, B_IN_OTHER = (
    TokenSetKey(DEMO, "team-a"),
    TokenSetKey(DEMO, "team-b"),
    TokenSetKey(OTHER, "team-b"),
)


def routed() -> tuple[Routing, list[Key]]:
    """Two registries; tokens of team-a in one, of team-b in both. What was added until then is dropped."""
    added: list[Key] = []
    routing = Routing(added.append)
    for registry in (DEMO, OTHER):
        routing.registry_changed(registry, 1, gone=False)
    routing.token_changed("team-a", "ci", DEMO, gone=False)
    routing.token_changed("team-b", "ci", DEMO, gone=False)
    routing.token_changed("team-b", "laptop", OTHER, gone=False)
    added.clear()
    return routing, added


def test_a_registry_concerns_itself_and_all_token_sets_that_refer_to_it() -> None:
    routing, added = routed()
    routing.registry_changed(DEMO, 2, gone=False)
    assert set(added) == {DEMO, A_IN_DEMO, B_IN_DEMO}
    assert routing.token_sets(OTHER) == {B_IN_OTHER}


def test_a_change_of_a_registry_that_no_token_depends_on_leaves_them_alone() -> None:
    routing, added = routed()
    routing.registry_changed(DEMO, 1, gone=False)
    assert added == [DEMO]


def test_tokens_are_counted() -> None:
    routing, _ = routed()
    assert (routing.count_tokens(DEMO), routing.count_tokens(OTHER)) == (2, 1)


def test_a_deleted_registry_concerns_the_same() -> None:
    routing, added = routed()
    routing.registry_changed(DEMO, 1, gone=True)
    assert set(added) == {DEMO, A_IN_DEMO, B_IN_DEMO}
    added.clear()
    routing.secret_changed("team-a", {names.WATCH_LABEL: "true"})
    assert added == [A_IN_DEMO]


def test_a_deleted_token_concerns_the_set_that_it_was_in_even_if_it_was_the_last() -> None:
    routing, added = routed()
    routing.token_changed("team-a", "ci", DEMO, gone=True)
    assert set(added) == {A_IN_DEMO}
    assert routing.token_sets(DEMO) == {B_IN_DEMO}


def test_a_token_made_again_for_another_registry_concerns_both_sets() -> None:
    routing, added = routed()
    routing.token_changed("team-b", "ci", OTHER, gone=False)
    assert set(added) == {B_IN_DEMO, B_IN_OTHER}
    assert routing.token_sets(DEMO) == {A_IN_DEMO}


def test_a_token_that_was_deleted_before_it_was_seen_still_concerns_its_set() -> None:
    routing, added = routed()
    routing.token_changed("team-d", "ci", DEMO, gone=True)
    assert added == [TokenSetKey(DEMO, "team-d")]
    assert routing.token_sets(DEMO) == {A_IN_DEMO, B_IN_DEMO}


def test_a_namespace_concerns_its_token_sets_in_every_registry() -> None:
    routing, added = routed()
    routing.namespace_changed("team-b")
    routing.namespace_changed("unknown")
    assert added == [B_IN_DEMO, B_IN_OTHER]


def test_children_concern_the_registry_that_their_labels_name() -> None:
    routing, added = routed()
    routing.child_changed("team-a", {names.REGISTRY_LABEL: "demo"})
    routing.child_changed("team-a", {names.RETAIN_LABEL: "demo"})
    routing.child_changed("team-a", {})
    assert added == [DEMO, DEMO]


def test_a_tokens_own_secret_concerns_its_set_only() -> None:
    routing, added = routed()
    routing.secret_changed("team-b", {names.TOKEN_LABEL: "laptop", names.WATCH_LABEL: "true"})
    assert added == [B_IN_OTHER]


def test_a_registrys_own_secret_concerns_the_registry() -> None:
    routing, added = routed()
    routing.secret_changed("team-a", {names.REGISTRY_LABEL: "demo", names.WATCH_LABEL: "true"})
    assert added == [DEMO]


def test_a_secret_that_people_refer_to_concerns_everything_of_its_namespace() -> None:
    routing, added = routed()
    routing.secret_changed("team-a", {names.WATCH_LABEL: "true"})
    assert added == [DEMO, A_IN_DEMO]


def test_what_changed_is_told_once() -> None:
    routing, _ = routed()
    assert routing.take_change(DEMO)
    assert not routing.take_change(DEMO)
    routing.secret_changed("team-a", {})
    assert routing.take_change(DEMO)
    routing.token_changed("team-a", "ci", DEMO, gone=False)
    assert not routing.take_change(DEMO)
