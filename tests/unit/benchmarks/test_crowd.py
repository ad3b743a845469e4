"""What the benchmark of the operator in a crowd counts, and how it is told."""

from __future__ import annotations

from benchmarks.crowd import Result
from benchmarks.crowd_peer import Told
from benchmarks.crowd_stage import counted
from registry_service.contract import sync, wire


def test_requests_for_the_operators_kinds_are_counted_by_verb() -> None:
    lines = [
        'apiserver_request_total{code="200",component="apiserver",resource="secrets",subresource="",verb="GET"} 3',
        'apiserver_request_total{code="404",component="apiserver",resource="secrets",subresource="",verb="GET"} 1',
        'apiserver_request_total{code="0",component="apiserver",resource="secrets",subresource="",verb="WATCH"} 9',
        'apiserver_request_total{code="200",component="apiserver",resource="leases",subresource="",verb="PUT"} 7',
        'apiserver_request_total{code="200",resource="registrytokens",subresource="status",verb="APPLY"} 1.2e+03',
    ]
    assert counted(lines) == {"GET": 4, "APPLY": 1200}


def test_the_result_names_its_goals_and_the_worst_change() -> None:
    lines = Result(12.3, 0.0, 177.0, 5.0, 0.0, 40.0, [0.2] * 98 + [0.9, 0.9]).lines(1000, 10)
    assert lines[0] == "operator with 1000 registries and 10000 tokens"
    assert lines[1].split() == ["restart", "to", "settled", "12.3", "s", "goal", "45", "s"]
    assert "0.20 s, p99 0.90, goal 1 s" in lines[-1]


def test_the_far_side_keeps_what_it_is_told() -> None:
    told, body = Told(), wire.encode(sync.TokenSet("team-a"))
    path = f"{sync.SETS_PATH}/uid-1"
    assert told.answer("GET", path, b"")[1] == sync.NEVER_WRITTEN
    _, etag = told.answer("PUT", path, body)
    held = sync.SetSummary("team-a", "uid-1", sync.body_digest(body), etag)
    assert told.answer("GET", path, b"") == (held, etag)
    assert told.answer("GET", sync.SETS_PATH, b"")[0] == sync.SetPage((held,))
    assert told.answer("GET", f"{sync.SETS_PATH}?after=uid-1", b"")[0] == sync.SetPage(())
