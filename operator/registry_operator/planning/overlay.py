"""The spec's `podTemplate` over a pod of the service's image.

It adds and replaces nothing but what it is meant for: where a name is ours, our value stays.
"""

from registry_operator.planning import objects
from registry_operator.planning.observed import Manifest
from registry_operator.resources import names
from registry_operator.resources.pod_template import Resources, Toleration
from registry_operator.resources.quantities import canonical, canonical_cpu
from registry_operator.resources.registry import PyPIRegistry


def resources(spec: Resources) -> Manifest:
    """Requests and limits of a container, as the API server writes them back."""
    limits = {"memory": canonical(spec.limits.memory)}
    if spec.limits.cpu is not None:
        limits["cpu"] = canonical_cpu(spec.limits.cpu)
    requests = {"cpu": canonical_cpu(spec.requests.cpu), "memory": canonical(spec.requests.memory)}
    return {"requests": requests, "limits": limits}


def placement(registry: PyPIRegistry) -> Manifest:
    """The part of a pod's spec that decides where it may run, and before whom."""
    spec = registry.spec.pod_template
    wanted: Manifest = {}
    if spec.node_selector:
        wanted["nodeSelector"] = dict(spec.node_selector)
    if spec.tolerations:
        wanted["tolerations"] = [_toleration(item) for item in spec.tolerations]
    if spec.priority_class_name is not None:
        wanted["priorityClassName"] = spec.priority_class_name
    return wanted


def spread(registry: PyPIRegistry) -> Manifest:
    """The part of a serving pod's spec that spreads it: among the pods of one rollout, so that a new one counts."""
    labels = objects.selector(registry, names.SERVICE_COMPONENT)
    constraints = [
        {
            "topologyKey": item.topology_key,
            "maxSkew": item.max_skew,
            "whenUnsatisfiable": item.when_unsatisfiable.value,
            "labelSelector": {"matchLabels": labels},
            "matchLabelKeys": ["pod-template-hash"],
        }
        for item in registry.spec.pod_template.topology_spread_constraints
    ]
    return {"topologySpreadConstraints": constraints} if constraints else {}


def with_metadata(registry: PyPIRegistry, template: Manifest) -> Manifest:
    """A pod template with the spec's labels and annotations beside our own."""
    spec, own = registry.spec.pod_template, template["metadata"]
    metadata = own | {"labels": {**spec.labels, **own["labels"]}}
    if spec.annotations:
        metadata["annotations"] = {**spec.annotations, **own.get("annotations", {})}
    return template | {"metadata": metadata}


def _toleration(item: Toleration) -> Manifest:
    fields = {
        "key": item.key,
        "operator": item.operator.value,
        "value": item.value,
        "effect": None if item.effect is None else item.effect.value,
        "tolerationSeconds": item.toleration_seconds,
    }
    return {name: value for name, value in fields.items() if value not in (None, "")}
