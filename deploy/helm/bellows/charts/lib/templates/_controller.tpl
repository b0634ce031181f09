{{/*
Everything of one controller. In: root (the sub-chart's context), name, controllers (whose rules it needs); fullname and
selectorName where they are not bellows-NAME.
*/}}
{{- define "bellows.controller" -}}
{{- if .root.Values.serviceAccount.create }}
{{- include "bellows.serviceAccount" . }}
{{- end }}
{{- if .root.Values.rbac.create }}
{{- include "bellows.rbac" . }}
{{- end }}
{{- if has "dashboard" .controllers }}
{{- include "bellows.tokenSecret" . }}
{{- end }}
{{- include "bellows.deployment" . }}
{{- include "bellows.service" . }}
{{- if gt (int .root.Values.replicas) 1 }}
{{- include "bellows.podDisruptionBudget" . }}
{{- end }}
{{- if .root.Values.networkPolicy.enabled }}
{{- include "bellows.networkPolicy" . }}
{{- end }}
{{- if .root.Values.serviceMonitor.enabled }}
{{- include "bellows.serviceMonitor" . }}
{{- end }}
{{- if .root.Values.prometheusRule.enabled }}
{{- include "bellows.prometheusRule" . }}
{{- end }}
{{- if eq (include "bellows.hasUnregisterHook" .) "true" }}
{{- include "bellows.unregister" (merge (dict "events" "pre-delete") .) }}
{{- end }}
{{- end }}

{{/* Without rights of the chart the hook would fail, and with it the uninstall. */}}
{{- define "bellows.hasUnregisterHook" -}}
{{ and (has "event-scaler" .controllers) .root.Values.rbac.create .root.Values.unregisterHook.enabled }}
{{- end }}

{{- define "bellows.fullname" -}}
{{ .fullname | default (printf "bellows-%s" .name) }}
{{- end }}

{{- define "bellows.serviceAccountName" -}}
{{- $default := ternary (include "bellows.fullname" .) "default" .root.Values.serviceAccount.create }}
{{- .root.Values.serviceAccount.name | default $default }}
{{- end }}

{{- define "bellows.labels" -}}
{{ include "bellows.selector" . }}
app.kubernetes.io/part-of: bellows
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- with .root.Values.global.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "bellows.selector" -}}
app.kubernetes.io/name: {{ .selectorName | default (printf "bellows-%s" .name) }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{- define "bellows.metadata" }}
  name: {{ include "bellows.fullname" . }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "bellows.labels" . | nindent 4 }}
{{- end }}

{{- define "bellows.serviceAccount" }}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "bellows.serviceAccountName" . }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "bellows.labels" . | nindent 4 }}
  {{- with .root.Values.serviceAccount.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{- define "bellows.rbac" }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {{ include "bellows.fullname" . }}
  labels: {{- include "bellows.labels" . | nindent 4 }}
rules:
{{- range .controllers }}
{{ include (printf "bellows.rules.%s" .) $.root }}
{{- end }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ include "bellows.fullname" . }}
  labels: {{- include "bellows.labels" . | nindent 4 }}
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {{ include "bellows.fullname" . }} }
subjects:
  - { kind: ServiceAccount, name: {{ include "bellows.serviceAccountName" . }}, namespace: {{ .root.Release.Namespace }} }
{{- if has "event-scaler" .controllers }}
---
# Whom the aggregation layer's certificates are signed by.
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ include "bellows.fullname" . }}-extension-apiserver-authentication
  namespace: kube-system
  labels: {{- include "bellows.labels" . | nindent 4 }}
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: extension-apiserver-authentication-reader }
subjects:
  - { kind: ServiceAccount, name: {{ include "bellows.serviceAccountName" . }}, namespace: {{ .root.Release.Namespace }} }
{{- end }}
{{- if has "event-scaler" .controllers }}
{{- with .root.Values.config.watchNamespace }}
{{- $namespaced := include "bellows.rules.event-scaler.namespaced" $.root }}
{{- include "bellows.roleIn" (merge (dict "namespace" . "role" "watched" "rules" $namespaced) $) }}
{{- end }}
{{- with and .root.Values.config.watchNamespace .root.Values.config.clusterObjectNamespace }}
{{- $secrets := "- { apiGroups: [\"\"], resources: [secrets], verbs: [get] }" }}
{{- include "bellows.roleIn" (merge (dict "namespace" . "role" "cluster-objects" "rules" $secrets) $) }}
{{- end }}
{{- end }}
{{- if ne .name "dashboard" }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
{{- include "bellows.metadata" . }}
rules:
  # A create names no object yet, so that it can't be limited to one.
  - { apiGroups: [coordination.k8s.io], resources: [leases], verbs: [create] }
  - { apiGroups: [coordination.k8s.io], resources: [leases], resourceNames: [{{ include "bellows.fullname" . }}], verbs: [get, update] }
  {{- $certificates := list }}
  {{- if has "event-scaler" .controllers }}{{ $certificates = append $certificates (printf "bellows-%s-certificate" .name) }}{{ end }}
  {{- if has "node-provisioner" .controllers }}{{ $certificates = append $certificates "bellows-node-provisioner-certificate" }}{{ end }}
  {{- with $certificates }}
  # Certificates of what is served to the API server.
  - { apiGroups: [""], resources: [secrets], verbs: [create] }
  - { apiGroups: [""], resources: [secrets], resourceNames: [{{ join ", " . }}], verbs: [get, update] }
  {{- end }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
{{- include "bellows.metadata" . }}
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: {{ include "bellows.fullname" . }} }
subjects:
  - { kind: ServiceAccount, name: {{ include "bellows.serviceAccountName" . }}, namespace: {{ .root.Release.Namespace }} }
{{- end }}
{{- end }}

{{/* Rights in one namespace. In: as bellows.controller, and namespace, role (an end of its name), rules. */}}
{{- define "bellows.roleIn" }}
{{- $name := printf "%s-%s" (include "bellows.fullname" .) .role }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ $name }}
  namespace: {{ .namespace }}
  labels: {{- include "bellows.labels" . | nindent 4 }}
rules:
{{ .rules }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ $name }}
  namespace: {{ .namespace }}
  labels: {{- include "bellows.labels" . | nindent 4 }}
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: {{ $name }} }
subjects:
  - { kind: ServiceAccount, name: {{ include "bellows.serviceAccountName" . }}, namespace: {{ .root.Release.Namespace }} }
{{- end }}

{{- define "bellows.deployment" }}
{{- $values := .root.Values }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
{{- include "bellows.metadata" . }}
  {{- with $values.deploymentAnnotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  replicas: {{ $values.replicas }}
  {{- with $values.strategy }}
  strategy: {{- toYaml . | nindent 4 }}
  {{- end }}
  selector:
    matchLabels: {{- include "bellows.selector" . | nindent 6 }}
  template:
    metadata: {{- include "bellows.podMetadata" . | trim | nindent 6 }}
    spec:
      serviceAccountName: {{ include "bellows.serviceAccountName" . }}
      terminationGracePeriodSeconds: {{ $values.terminationGracePeriodSeconds }}
      {{- include "bellows.podSpec" .root | trim | nindent 6 }}
      containers:
        - name: {{ .name }}
          {{- include "bellows.image" .root | trim | nindent 10 }}
          args:
            - {{ .name }}
            {{- if eq .name "all" }}
            - --controllers={{ join "," .controllers }}
            {{- end }}
            {{- with .fullname }}
            - --leader-elect-resource-name={{ . }}
            {{- end }}
            {{- if has "event-scaler" .controllers }}
            - --service-name=bellows-{{ .name }}
            {{- end }}
            {{- range $key, $value := $values.config }}
            - {{ printf "--%s=%v" (kebabcase $key) $value | quote }}
            {{- end }}
          env:
            - name: POD_NAMESPACE
              valueFrom: { fieldRef: { fieldPath: metadata.namespace } }
            {{- if has "dashboard" .controllers }}
            - name: DASHBOARD_TOKEN
              valueFrom: { secretKeyRef: { name: {{ $values.tokenSecret.name }}, key: {{ $values.tokenSecret.key }} } }
            {{- end }}
            {{- if has "event-scaler" .controllers }}
            {{- with include "bellows.vaultEnv" $values.vault | trim }}{{ . | nindent 12 }}{{ end }}
            {{- end }}
            {{- with $values.env }}{{- toYaml . | nindent 12 }}{{- end }}
          {{- with $values.envFrom }}
          envFrom: {{- toYaml . | nindent 12 }}
          {{- end }}
          ports:
            - { name: http, containerPort: {{ $values.config.metricsPort | default 8080 }} }
            {{- if has "event-scaler" .controllers }}
            - { name: https, containerPort: {{ $values.config.securePort | default 6443 }} }
            {{- end }}
            {{- if has "node-provisioner" .controllers }}
            - { name: conversion, containerPort: {{ $values.config.webhookPort | default 8443 }} }
            {{- end }}
          # Health is served before anything is asked of the API server, so that a start needs no probe of its own.
          livenessProbe:
            httpGet: { path: /healthz, port: http }
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 3
          readinessProbe:
            httpGet: { path: /readyz, port: http }
            periodSeconds: 5
            timeoutSeconds: 5
          resources: {{- toYaml $values.resources | nindent 12 }}
          {{- include "bellows.containerSecurity" .root | trim | nindent 10 }}
          {{- with $values.volumeMounts }}
          volumeMounts: {{- toYaml . | nindent 12 }}
          {{- end }}
      {{- with $values.volumes }}
      volumes: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- if kindIs "slice" $values.topologySpreadConstraints }}
      {{- with $values.topologySpreadConstraints }}
      topologySpreadConstraints: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- else }}
      topologySpreadConstraints:
        {{- range $topologyKey := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
        - maxSkew: 1
          topologyKey: {{ $topologyKey }}
          whenUnsatisfiable: ScheduleAnyway
          matchLabelKeys: [pod-template-hash]
          labelSelector:
            matchLabels: {{- include "bellows.selector" $ | nindent 14 }}
        {{- end }}
      {{- end }}
{{- end }}

{{- define "bellows.podMetadata" -}}
labels: {{- include "bellows.labels" . | nindent 2 }}
  {{- with .root.Values.podLabels }}{{ toYaml . | nindent 2 }}{{- end }}
{{- with .root.Values.podAnnotations }}
annotations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Where and as whom a pod runs, of the controller or of the hook beside it. */}}
{{- define "bellows.podSpec" -}}
{{- $values := .Values }}
{{- with concat (default list $values.global.imagePullSecrets) (default list $values.imagePullSecrets) }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- $pod := dict "runAsNonRoot" true "runAsUser" 65532 "runAsGroup" 65532 "seccompProfile" (dict "type" "RuntimeDefault") }}
securityContext: {{- mergeOverwrite $pod (default dict $values.podSecurityContext) | toYaml | nindent 2 }}
{{- if $values.hostNetwork }}
hostNetwork: true
{{- end }}
{{- with $values.dnsPolicy | default (ternary "ClusterFirstWithHostNet" "" (default false $values.hostNetwork)) }}
dnsPolicy: {{ . }}
{{- end }}
{{- range $field := list "dnsConfig" "priorityClassName" "nodeSelector" "affinity" "tolerations" }}
{{- with get $values $field }}
{{ $field }}: {{- if kindIs "string" . }} {{ . }}{{ else }}{{ toYaml . | nindent 2 }}{{ end }}
{{- end }}
{{- end }}
{{- end }}

{{/* A digest goes before the tag. */}}
{{- define "bellows.image" -}}
{{- $image := .Values.global.image }}
{{- $version := printf ":%s" ($image.tag | default .Chart.AppVersion) }}
{{- with $image.digest }}{{ $version = printf "@%s" . }}{{ end }}
image: {{ printf "%s%s" $image.repository $version | quote }}
imagePullPolicy: {{ $image.pullPolicy }}
{{- end }}

{{- define "bellows.containerSecurity" -}}
{{- $own := dict "allowPrivilegeEscalation" false "readOnlyRootFilesystem" true "capabilities" (dict "drop" (list "ALL")) }}
securityContext: {{- mergeOverwrite $own (default dict .Values.securityContext) | toYaml | nindent 2 }}
{{- end }}

{{/* What the event scaler knows of Vault beside what TriggerAuthentications say. */}}
{{- define "bellows.vaultEnv" -}}
{{- with .tokenSecret.name }}
- name: VAULT_TOKEN
  valueFrom: { secretKeyRef: { name: {{ . }}, key: {{ $.tokenSecret.key }} } }
{{- end }}
{{- with .namespace }}
- { name: VAULT_NAMESPACE, value: {{ . | quote }} }
{{- end }}
{{- end }}

{{- define "bellows.service" }}
---
apiVersion: v1
kind: Service
metadata:
{{- include "bellows.metadata" . }}
spec:
  selector: {{- include "bellows.selector" . | nindent 4 }}
  ports:
    - { name: http, port: 8080, targetPort: http }
    {{- if has "event-scaler" .controllers }}
    - { name: https, port: 443, targetPort: https }
    {{- end }}
    {{- if eq .name "node-provisioner" }}
    {{- include "bellows.conversionPort" . | nindent 4 }}
  {{- include "bellows.conversionReadiness" . }}
    {{- end }}
{{- if and (has "node-provisioner" .controllers) (ne .name "node-provisioner") }}
---
# The definitions of Karpenter's kinds name this one, whichever process converts.
apiVersion: v1
kind: Service
metadata:
  name: bellows-node-provisioner
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "bellows.labels" . | nindent 4 }}
spec:
  selector: {{- include "bellows.selector" . | nindent 4 }}
  ports:
    {{- include "bellows.conversionPort" . | nindent 4 }}
  {{- include "bellows.conversionReadiness" . }}
{{- end }}
{{- end }}

{{- define "bellows.conversionPort" -}}
- { name: conversion, port: 8443, targetPort: conversion }
{{- end }}

{{- define "bellows.conversionReadiness" }}
  # A conversion depends on nothing else, and the first lists of the process may need it before it is ready.
  publishNotReadyAddresses: true
{{- end }}

{{- define "bellows.podDisruptionBudget" }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
{{- include "bellows.metadata" . }}
spec:
  maxUnavailable: 1
  # One that stands by is not ready, and must not keep its node from being drained.
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels: {{- include "bellows.selector" . | nindent 6 }}
{{- end }}

{{- define "bellows.networkPolicy" }}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
{{- include "bellows.metadata" . }}
spec:
  podSelector:
    matchLabels: {{- include "bellows.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    - ports: [{ port: http }{{ if has "event-scaler" .controllers }}, { port: https }{{ end }}{{ if has "node-provisioner" .controllers }}, { port: conversion }{{ end }}]
  egress:
    {{- include "bellows.egressToApiServer" .root | trim | nindent 4 }}
    {{- if has "event-scaler" .controllers }}
    # Triggers read whatever their objects name.
    - {}
    {{- else if has "node-provisioner" .controllers }}
    # AWS, and where its credentials come from: the instance's metadata, EKS Pod Identity.
    - ports: [{ port: 443 }]
    - to: [{ ipBlock: { cidr: 169.254.169.254/32 } }, { ipBlock: { cidr: 169.254.170.23/32 } }]
      ports: [{ port: 80 }]
    {{- end }}
{{- end }}

{{- define "bellows.egressToApiServer" -}}
# The API server (a Service's port, and where it leads to) and names.
- ports:
    {{- range .Values.networkPolicy.apiServerPorts }}
    - { port: {{ . }} }
    {{- end }}
- ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }]
{{- end }}

{{- define "bellows.serviceMonitor" }}
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
{{- include "bellows.metadata" . }}
    {{- with .root.Values.serviceMonitor.labels }}{{ toYaml . | nindent 4 }}{{- end }}
spec:
  selector:
    matchLabels: {{- include "bellows.selector" . | nindent 6 }}
  endpoints:
    - port: http
      interval: {{ .root.Values.serviceMonitor.interval }}
      {{- range $field := list "relabelings" "metricRelabelings" }}
      {{- with get $.root.Values.serviceMonitor $field }}
      {{ $field }}: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- end }}
{{- end }}

{{- define "bellows.prometheusRule" }}
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
{{- include "bellows.metadata" . }}
    {{- with .root.Values.prometheusRule.labels }}{{ toYaml . | nindent 4 }}{{- end }}
spec:
  groups:
    - name: {{ include "bellows.fullname" . }}
      rules:
        - alert: BellowsNoAccess
          expr: sum by (pod, reason) (increase(bellows_api_access_problems_total{namespace={{ .root.Release.Namespace | quote }}, service={{ include "bellows.fullname" . | quote }}}[10m])) > 0
          for: 10m
          labels: { severity: warning }
          annotations:
            summary: {{ printf "%s does not get what it needs of the API server ({{ $labels.reason }})" (include "bellows.fullname" .) | quote }}
            description: "Its log says what mends it."
        {{- with .root.Values.prometheusRule.rules }}{{ toYaml . | nindent 8 }}{{- end }}
{{- end }}

{{/* The dashboard's token: made once, and kept over upgrades. */}}
{{- define "bellows.tokenSecret" }}
{{- if .root.Values.tokenSecret.create }}
{{- $name := .root.Values.tokenSecret.name }}
{{- $key := .root.Values.tokenSecret.key }}
{{- $known := get (default dict (lookup "v1" "Secret" .root.Release.Namespace $name).data) $key }}
---
apiVersion: v1
kind: Secret
metadata:
  name: {{ $name }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "bellows.labels" . | nindent 4 }}
data:
  {{ $key }}: {{ $known | default (randAlphaNum 32 | b64enc) }}
{{- end }}
{{- end }}
