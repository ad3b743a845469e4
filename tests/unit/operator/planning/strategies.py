"""Registries of every shape that the CRD admits, for properties that hold for all of them."""

from hypothesis import strategies as st

from registry_operator.resources.registry import PyPIRegistry
from tests.unit.operator.planning.bodies import EXTERNAL, INGRESS, MANAGED, Spec, registry

_NAMES = st.sampled_from(["a", "pypi", "team-packages", "x" * 40])
_SIZES = st.sampled_from(["100Mi", "1024Mi", "8Gi", "2T"])
_IMAGES = st.sampled_from([{}, {"image": "other.example/image@sha256:abc"}])


def _managed() -> st.SearchStrategy[Spec]:
    size = _SIZES.map(lambda text: {"size": text})
    extra = st.sampled_from([{}, {"storageClassName": "fast"}, {"resources": {"limits": {"memory": "1024Mi"}}}])
    return st.builds(lambda *parts: {key: item for part in parts for key, item in part.items()}, size, extra, _IMAGES)


def _part(name: str) -> st.SearchStrategy[Spec]:
    managed = _managed().map(lambda spec: {name: {"type": "Managed", "managed": spec}})
    return st.one_of(st.just({name: MANAGED[name]}), managed, st.just({name: EXTERNAL[name]}))


def _volume() -> st.SearchStrategy[Spec]:
    optional = {
        "size": _SIZES,
        "storageClassName": st.just("fast"),
        "accessMode": st.sampled_from(["ReadWriteOnce", "ReadWriteMany"]),
    }
    claim = st.fixed_dictionaries({}, optional=optional)
    return claim.map(lambda spec: {"storage": {"type": "PersistentVolumeClaim", "persistentVolumeClaim": spec}})


# The last label and annotation are among those that the CRD refuses: they must lose even so.
_LABELS = {"team": "a", "azure.workload.identity/use": "true", "app.kubernetes.io/instance": "another"}
_ANNOTATIONS = {"example.org/note": "text", "pypiregistry.dev/inputs-checksum": "mine"}
_TOLERATIONS = [
    {"operator": "Exists"},
    {"key": "spot", "value": "true", "effect": "NoSchedule"},
    {"key": "gone", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 0},
]


def _resources() -> st.SearchStrategy[Spec]:
    cpu = st.sampled_from([{}, {"cpu": "1000m"}, {"cpu": "0.5"}, {"cpu": "0"}])
    memory = st.sampled_from([{}, {"memory": "1024Mi"}, {"memory": "999999999"}])
    part = st.builds(lambda *parts: {key: item for part in parts for key, item in part.items()}, cpu, memory)
    return st.fixed_dictionaries({}, optional={"requests": part, "limits": part})


def _pod_template() -> st.SearchStrategy[Spec]:
    spread = {"topologyKey": "example.org/rack", "maxSkew": 2, "whenUnsatisfiable": "DoNotSchedule"}
    return st.fixed_dictionaries(
        {},
        optional={
            "labels": st.just(_LABELS),
            "annotations": st.just(_ANNOTATIONS),
            "resources": _resources(),
            "nodeSelector": st.just({"disk": "ssd"}),
            "tolerations": st.lists(st.sampled_from(_TOLERATIONS), max_size=3),
            "topologySpreadConstraints": st.sampled_from([[], [spread]]),
            "priorityClassName": st.just("system-cluster-critical"),
        },
    )


_EXPOSURES = st.sampled_from(
    [
        {"type": "None"},
        INGRESS["exposure"],
        {"type": "Ingress", "hostname": "h.example", "tls": {"secretName": "t"}},
        {"type": "Ingress", "ingress": {"controllerPreset": "Nginx"}},
        {"type": "Gateway", "gateway": {"name": "public", "namespace": "gateways", "sectionName": "https"}},
        {"type": "Gateway", "gateway": {"name": "public"}, "tls": {"secretName": "t"}},
    ]
)


def _rest() -> st.SearchStrategy[Spec]:
    return st.fixed_dictionaries(
        {
            "replicas": st.integers(0, 5),
            "exposure": _EXPOSURES,
            "limits": st.sampled_from([{"maxUploadSize": size} for size in ("50Mi", "1k", "10Gi", "999999999")]),
        },
        optional={
            "image": st.just("mine.example/service:2"),
            "imagePullPolicy": st.sampled_from(["Always", "IfNotPresent", "Never"]),
            "imagePullSecrets": st.just([{"name": "pull"}]),
            "podTemplate": _pod_template(),
            "serviceAccount": st.just({"annotations": {"example.org/role": "packages"}}),
            "podDisruptionBudget": st.sampled_from([{"type": "None"}, {"maxUnavailable": 2}]),
            "networkPolicy": st.sampled_from(
                [
                    {"type": "None"},
                    {"type": "Restricted", "monitoringNamespace": "metrics", "egressPorts": [9000]},
                ]
            ),
            "monitoring": st.sampled_from(
                [{"type": "PodMonitor"}, {"type": "PodMonitor", "intervalSeconds": 60, "labels": _LABELS}]
            ),
            "migrations": st.sampled_from([{"type": "Manual", "approvedImage": "a"}, {"deadlineSeconds": 60}]),
            "deletionPolicy": st.sampled_from(["Retain", "Delete"]),
            "readOnly": st.booleans(),
            "projects": st.just({"from": "All", "overrides": [{"namespace": "b", "visibility": "Public"}]}),
            "takeover": st.just("11111111-2222-3333-4444-555555555555"),
        },
    )


_STORES = st.one_of(_part("storage"), _volume())
registries: st.SearchStrategy[PyPIRegistry] = st.builds(
    lambda name, *parts: registry(*parts, name=name),
    _NAMES,
    _part("database"),
    st.one_of(_part("storage"), _volume()),
    _rest(),
)
