{{/*
Exactly the verbs that the operator uses in a namespace, on the kinds that it makes or reads. It can write Secrets,
because that is what a RegistryToken asks for: whoever may write its ServiceAccount's pods may too.
*/}}
{{- define "operator.permissions" -}}
- apiGroups: [pypiregistry.dev]
  resources: [pypiregistries]
  verbs: [get, list, watch]
- apiGroups: [pypiregistry.dev]
  resources: [registrytokens]
  verbs: [list, watch]
- apiGroups: [pypiregistry.dev]
  resources: [pypiregistries/status, registrytokens/status]
  verbs: [patch]
# Owner references that block deletion ask for this where OwnerReferencesPermissionEnforcement is on.
- apiGroups: [pypiregistry.dev]
  resources: [pypiregistries/finalizers, registrytokens/finalizers]
  verbs: [update]
- apiGroups: [""]
  resources: [configmaps, services, serviceaccounts]
  verbs: [get, list, watch, create, patch, delete]
# None is ever deleted by the operator, nor a claim: what goes, goes with its owner.
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, list, watch, create, patch]
# The volume of `storage.type: PersistentVolumeClaim` is made and grows; a confirmed `deletionPolicy: Delete` lets claims
# go with their registry.
- apiGroups: [""]
  resources: [persistentvolumeclaims]
  verbs: [get, list, watch, create, patch]
- apiGroups: [apps]
  resources: [deployments, statefulsets]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, list, watch, create, delete]
- apiGroups: [networking.k8s.io]
  resources: [ingresses, networkpolicies]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [gateway.networking.k8s.io]
  resources: [httproutes]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [monitoring.coreos.com]
  resources: [podmonitors]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, create, patch, delete]
# Its labels decide whether it may have a project in a registry.
- apiGroups: [""]
  resources: [namespaces]
  verbs: [get]
# A migration's answer is its pod's termination message.
- apiGroups: [""]
  resources: [pods]
  verbs: [list]
{{- end }}
