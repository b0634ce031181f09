{{/*
What an event scaler registers with the API server by itself Helm knows nothing of: a Job gives it back. In: as
bellows.controller, and events (of Helm, at which it runs). What it needs is made before it and goes after it.
*/}}
{{- define "bellows.unregister" }}
{{- $service := include "bellows.fullname" . }}
{{- $hook := dict "root" .root "name" .name "fullname" (printf "%s-unregister" $service) "selectorName" (printf "%s-unregister" $service) }}
{{- $namespace := .root.Release.Namespace }}
{{- $annotations := printf "helm.sh/hook: %s\nhelm.sh/hook-weight: \"-1\"\nhelm.sh/hook-delete-policy: before-hook-creation,hook-succeeded,hook-failed" .events }}
{{- $reference := printf "apiGroup: rbac.authorization.k8s.io, kind: %%s, name: %s" $hook.fullname }}
{{- $subjects := printf "[{ kind: ServiceAccount, name: %s, namespace: %s }]" $hook.fullname $namespace }}
---
apiVersion: v1
kind: ServiceAccount
metadata:
{{- include "bellows.metadata" $hook }}
  annotations: {{- $annotations | nindent 4 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {{ $hook.fullname }}
  labels: {{- include "bellows.labels" $hook | nindent 4 }}
  annotations: {{- $annotations | nindent 4 }}
rules:
  - { apiGroups: [apiregistration.k8s.io], resources: [apiservices], resourceNames: [v1beta1.external.metrics.k8s.io], verbs: [get, update, delete] }
  - { apiGroups: [admissionregistration.k8s.io], resources: [validatingwebhookconfigurations], resourceNames: [keda-admission], verbs: [get, delete] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ $hook.fullname }}
  labels: {{- include "bellows.labels" $hook | nindent 4 }}
  annotations: {{- $annotations | nindent 4 }}
roleRef: { {{ printf $reference "ClusterRole" }} }
subjects: {{ $subjects }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
{{- include "bellows.metadata" $hook }}
  annotations: {{- $annotations | nindent 4 }}
rules:
  - { apiGroups: [apps], resources: [deployments], resourceNames: [{{ $service }}], verbs: [get] }
  - { apiGroups: [apps], resources: [deployments/scale], resourceNames: [{{ $service }}], verbs: [patch] }
  - { apiGroups: [""], resources: [pods], verbs: [list] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
{{- include "bellows.metadata" $hook }}
  annotations: {{- $annotations | nindent 4 }}
roleRef: { {{ printf $reference "Role" }} }
subjects: {{ $subjects }}
{{- if .root.Values.networkPolicy.enabled }}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
{{- include "bellows.metadata" $hook }}
  annotations: {{- $annotations | nindent 4 }}
spec:
  podSelector:
    matchLabels: {{- include "bellows.selector" $hook | nindent 6 }}
  policyTypes: [Ingress, Egress]
  egress:
    {{- include "bellows.egressToApiServer" .root | trim | nindent 4 }}
{{- end }}
---
apiVersion: batch/v1
kind: Job
metadata:
{{- include "bellows.metadata" $hook }}
  annotations:
    helm.sh/hook: {{ .events }}
    # One that failed stays, for its log.
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  backoffLimit: 2
  # Below Helm's own limit of five minutes.
  activeDeadlineSeconds: 240
  template:
    metadata: {{- include "bellows.podMetadata" $hook | trim | nindent 6 }}
    spec:
      serviceAccountName: {{ $hook.fullname }}
      restartPolicy: Never
      {{- include "bellows.podSpec" .root | trim | nindent 6 }}
      containers:
        - name: unregister
          {{- include "bellows.image" .root | trim | nindent 10 }}
          args: [unregister, --stop, --namespace={{ $namespace }}, --service-name={{ $service }}]
          resources: { requests: { cpu: 50m, memory: 128Mi }, limits: { memory: 256Mi } }
          {{- include "bellows.containerSecurity" .root | trim | nindent 10 }}
{{- end }}
