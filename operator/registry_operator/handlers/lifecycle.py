"""How Kopf is set up: what it watches with, how it logs in, and when the operator counts as dead."""

import logging
from typing import Any, Final

import kopf

from registry_operator.handlers import watching as watches
from registry_operator.resources import names

_PREFIX: Final = f"operator.{names.GROUP}"
# Above this the event loop is stuck often enough that a restart can only help.
MAX_LOOP_LAG: Final = 10.0


def kopf_settings(*, clusterwide: bool) -> kopf.OperatorSettings:
    """Settings for watches only: no peering, no events, and no mark of Kopf's on any object.

    Not `clusterwide`, neither namespaces nor the definitions of kinds are watched: no Role could allow it.
    """
    settings = kopf.OperatorSettings()
    settings.peering.standalone = True
    settings.posting.enabled = False
    settings.scanning.disabled = not clusterwide
    settings.posting.level = logging.WARNING
    settings.persistence.finalizer = f"{_PREFIX}/finalizer"
    settings.persistence.progress_storage = kopf.AnnotationsProgressStorage(prefix=_PREFIX, v1=False)
    settings.persistence.diffbase_storage = _NoDifferences()
    settings.networking.request_timeout, settings.networking.connect_timeout = 30, 5
    _watching(settings)
    return settings


def _watching(settings: kopf.OperatorSettings) -> None:
    watching = settings.watching
    # A watch that a load balancer dropped in silence is opened again after these seconds.
    watching.server_timeout, watching.client_timeout, watching.connect_timeout = 300, 320, 10
    watching.reconnect_backoff, watching.chunk_size = 1.0, 500
    # The API server filters; keys must be tuples, a path such as "apps/v1/deployments" is ignored without a word.
    watching.label_selectors["", "v1", "secrets"] = names.WATCH_LABEL
    for group, plural in (("apps", "deployments"), ("apps", "statefulsets"), ("batch", "jobs")):
        watching.label_selectors[group, "v1", plural] = names.REGISTRY_LABEL
    for plural in ("configmaps", "serviceaccounts", "services"):
        watching.label_selectors["", "v1", plural] = names.REGISTRY_LABEL
    # Of claims those that outlive their registry.
    watching.label_selectors["", "v1", "persistentvolumeclaims"] = names.RETAIN_LABEL
    for plural in ("ingresses", "networkpolicies"):
        watching.label_selectors["networking.k8s.io", "v1", plural] = names.REGISTRY_LABEL
    watching.label_selectors["gateway.networking.k8s.io", "v1", "httproutes"] = names.REGISTRY_LABEL
    watching.label_selectors["policy", "v1", "poddisruptionbudgets"] = names.REGISTRY_LABEL
    watching.label_selectors["monitoring.coreos.com", "v1", "podmonitors"] = names.REGISTRY_LABEL


class _NoDifferences(kopf.DiffBaseStorage):
    """Kopf's memory of what an object was, of which no handler here has a use: to build it copies each object."""

    def build(self, **_: Any) -> kopf.BodyEssence:  # Any: Kopf's arguments
        return kopf.BodyEssence()

    def fetch(self, **_: Any) -> None:  # Any: Kopf's arguments
        return None

    def store(self, **_: Any) -> None:  # Any: Kopf's arguments
        return None


@kopf.on.login()
async def login(memo: kopf.Memo, **kwargs: Any) -> kopf.AiohttpSession | None:  # Any: Kopf's arguments, passed on
    """The kubeconfig that `KUBECONFIG` names, else the pod's ServiceAccount."""
    found = kopf.login_with_kubeconfig(**kwargs) or kopf.login_with_service_account(**kwargs)
    return None if found is None else watches.session(found, memo.routing)


@kopf.on.probe(id="loop-lag", retries=1)
async def loop_lag(memo: kopf.Memo, **_: Any) -> float:  # Any: Kopf's other arguments
    """Fail the liveness probe when the event loop lags: nothing is watched or passed in time then."""
    lag: float = memo.loop_lag.worst()
    if lag > MAX_LOOP_LAG:
        raise kopf.PermanentError(f"the event loop lagged by {lag:.1f} s")
    return lag
