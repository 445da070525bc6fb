{{- define "s2v.fullname" -}}
{{- $name := .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- if contains "s2v" $name }}{{ $name }}{{ else }}{{ $name }}-s2v{{ end -}}
{{- end }}

{{/* Labels by which the pods of one component are found. Takes (list root component). */}}
{{- define "s2v.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: s2v
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "s2v.labels" -}}
{{- $root := index . 0 -}}
{{ include "s2v.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version }}
{{- end }}

{{/* Takes (list root image). */}}
{{- define "s2v.image" -}}
{{- $root := index . 0 -}}{{- $image := index . 1 -}}
image: {{ printf "%s:%s" $image.repository ($image.tag | default $root.Chart.AppVersion) }}
imagePullPolicy: {{ $image.pullPolicy }}
{{- end }}

{{- define "s2v.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{/* What is the same for every pod. Kubernetes would name services in variables such as
S2V_RENDER_PORT, which are no settings of ours and would stop the start. */}}
{{- define "s2v.pod" -}}
enableServiceLinks: false
automountServiceAccountToken: false
terminationGracePeriodSeconds: 30
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Variables of a service. Takes (list root component). */}}
{{- define "s2v.env" -}}
{{- $root := index . 0 -}}{{- $name := index . 1 -}}
{{- $prefix := printf "S2V_%s" (upper $name) -}}
- {name: S2V_INTERNAL_TOKEN_FILE, value: /run/secrets/s2v/internal_token}
- {name: {{ $prefix }}_LISTEN, value: "0.0.0.0:{{ include "s2v.port" $name }}"}
{{- if $root.Values.metrics.enabled }}
- {name: {{ $prefix }}_METRICS_LISTEN, value: "0.0.0.0:9464"}
{{- end }}
{{- with $root.Values.traces.endpoint }}
- {name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ quote . }}}
{{- end }}
{{- range $key, $value := (index $root.Values $name).settings }}
- {name: {{ printf "%s_%s" $prefix (upper $key) }}, value: {{ $value | toString | quote }}}
{{- end }}
{{- end }}

{{- define "s2v.port" -}}
{{- get (dict "gateway" "50051" "tts" "50052" "render" "50053" "compositor" "50054") . -}}
{{- end }}

{{/* How a service is asked for its health. Takes (list port startSeconds). */}}
{{- define "s2v.probes" -}}
{{- $ask := printf "exec: {command: [python, -m, s2v.rpc.health, \"127.0.0.1:%s\"]}" (index . 0) -}}
startupProbe:
  {{ $ask }}
  periodSeconds: 5
  timeoutSeconds: 10
  failureThreshold: {{ div (index . 1) 5 }}
readinessProbe:
  {{ $ask }}
  periodSeconds: 10
  timeoutSeconds: 10
livenessProbe:
  {{ $ask }}
  periodSeconds: 20
  timeoutSeconds: 10
  failureThreshold: 3
{{- end }}

{{/* Variables that let a process find its Ray. */}}
{{- define "s2v.rayEnv" -}}
- {name: RAY_AUTH_MODE, value: token}
- name: RAY_AUTH_TOKEN
  valueFrom: {secretKeyRef: {name: {{ .Values.secrets.ray }}, key: auth_token}}
- {name: RAY_USAGE_STATS_ENABLED, value: "0"}
{{- end }}

{{- define "s2v.rayAddress" -}}
{{- if eq .Values.ray.mode "kuberay" -}}
{{ include "s2v.fullname" . }}-ray-head-svc:6379
{{- else -}}
{{ .Values.ray.address }}
{{- end }}
{{- end }}
