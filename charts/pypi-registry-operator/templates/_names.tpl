{{/* The one name of everything that this release installs. */}}
{{- define "operator.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 52 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" }}{{ end -}}
{{- end }}

{{/* The labels by which the operator's pod is found; never changed, because a Deployment's selector cannot be. */}}
{{- define "operator.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "operator.labels" -}}
{{ include "operator.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/component: operator
app.kubernetes.io/part-of: pypi-registry-operator
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* An image's reference. Called with a list: the root context, the image's key in the values. */}}
{{- define "operator.image" -}}
{{- $root := index . 0 }}{{ $key := index . 1 }}{{ $image := index $root.Values.images $key }}
{{- $repository := required (printf "images.%s.repository is empty: build the target of the Dockerfile, push it to a registry of yours and name it here" $key) $image.repository }}
{{- if $image.digest }}{{ $repository }}@{{ $image.digest }}{{ else }}{{ $repository }}:{{ $image.tag | default $root.Chart.AppVersion }}{{ end }}
{{- end }}
