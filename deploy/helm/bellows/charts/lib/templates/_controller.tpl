{{/*
Everything of one controller. In: root (the sub-chart's context), name, controllers (whose rules it needs); fullname and
selectorName where they are not bellows-NAME.
*/}}
{{- define "bellows.controller" -}}
{{- if ne (toString .root.Values.serviceAccount.create) "false" }}
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
{{- end }}

{{- define "bellows.fullname" -}}
{{ .fullname | default (printf "bellows-%s" .name) }}
{{- end }}

{{- define "bellows.serviceAccountName" -}}
{{- $default := ternary "default" (include "bellows.fullname" .) (eq (toString .root.Values.serviceAccount.create) "false") }}
{{- .root.Values.serviceAccount.name | default $default }}
{{- end }}

{{- define "bellows.labels" -}}
{{ include "bellows.selector" . }}
app.kubernetes.io/part-of: bellows
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
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

{{- define "bellows.deployment" }}
{{- $values := .root.Values }}
{{- $image := $values.global.image }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
{{- include "bellows.metadata" . }}
spec:
  replicas: {{ $values.replicas }}
  selector:
    matchLabels: {{- include "bellows.selector" . | nindent 6 }}
  template:
    metadata:
      labels: {{- include "bellows.labels" . | nindent 8 }}
        {{- with $values.podLabels }}{{ toYaml . | nindent 8 }}{{- end }}
      {{- with $values.podAnnotations }}
      annotations: {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      serviceAccountName: {{ include "bellows.serviceAccountName" . }}
      {{- with $values.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      terminationGracePeriodSeconds: 30
      {{- with concat (default list $values.global.imagePullSecrets) (default list $values.imagePullSecrets) }}
      imagePullSecrets: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- $pod := dict "runAsNonRoot" true "runAsUser" 65532 "runAsGroup" 65532 "seccompProfile" (dict "type" "RuntimeDefault") }}
      securityContext: {{- mergeOverwrite $pod (default dict $values.podSecurityContext) | toYaml | nindent 8 }}
      containers:
        - name: {{ .name }}
          image: "{{ $image.repository }}:{{ $image.tag | default .root.Chart.AppVersion }}"
          imagePullPolicy: {{ $image.pullPolicy }}
          args:
            - {{ .name }}
            {{- if eq .name "all" }}
            - --controllers={{ join "," .controllers }}
            {{- end }}
            - --metrics-port=8080
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
            {{- with $values.env }}{{- toYaml . | nindent 12 }}{{- end }}
          {{- with $values.envFrom }}
          envFrom: {{- toYaml . | nindent 12 }}
          {{- end }}
          ports:
            - { name: http, containerPort: 8080 }
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
          {{- $own := dict "allowPrivilegeEscalation" false "readOnlyRootFilesystem" true "capabilities" (dict "drop" (list "ALL")) }}
          securityContext: {{- mergeOverwrite $own (default dict $values.securityContext) | toYaml | nindent 12 }}
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: topology.kubernetes.io/zone
          whenUnsatisfiable: ScheduleAnyway
          matchLabelKeys: [pod-template-hash]
          labelSelector:
            matchLabels: {{- include "bellows.selector" . | nindent 14 }}
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          matchLabelKeys: [pod-template-hash]
          labelSelector:
            matchLabels: {{- include "bellows.selector" . | nindent 14 }}
      {{- range $field := list "nodeSelector" "affinity" "tolerations" }}
      {{- with get $values $field }}
      {{ $field }}: {{- toYaml . | nindent 8 }}
      {{- end }}
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
    # The API server (a Service's port, and where it leads to) and names.
    - ports:
        {{- range .root.Values.networkPolicy.apiServerPorts }}
        - { port: {{ . }} }
        {{- end }}
    - ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }]
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
    - { port: http, interval: {{ .root.Values.serviceMonitor.interval }} }
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
