{{/*
The cpa part. With the values of upstream's chart (config.ladder or config.linear, and options.target) it is an
installation as upstream's: its ConfigMap, and a process for that, under upstream's names and selectors.
*/}}
{{- define "bellows.cpa" -}}
{{- if or .Values.config.ladder .Values.config.linear (default dict .Values.options).target (ne .Chart.Name "cpa") }}
{{- include "bellows.cpa.installation" . }}
{{- else }}
{{- include "bellows.controller" (dict "root" . "name" "cpa" "controllers" (list "cpa")) }}
{{- end }}
{{- end }}

{{- define "bellows.cpa.installation" }}
{{- $params := pick .Values.config "ladder" "linear" }}
{{- if not $params }}
{{- fail "config: neither ladder nor linear, expected one of them" }}
{{- end }}
{{- if gt (len $params) 1 }}
{{- fail "config: both ladder and linear, expected one of them" }}
{{- end }}
{{- $mode := keys $params | first }}
{{- $options := default dict .Values.options }}
{{- $namespace := $options.namespace | default .Release.Namespace }}
{{- $fullname := include "bellows.cpa.fullname" . }}
{{- $config := omit .Values.config "ladder" "linear" }}
{{- $_ := set $config "target" ($options.target | required "options.target: nothing, expected KIND/NAME, or several separated by commas") }}
{{- $_ := set $config "configmap" $fullname }}
{{- $_ := set $config "namespace" $namespace }}
{{- /* A chart of its own brings no definitions, and there may be several releases of it. */}}
{{- if ne .Chart.Name "cpa" }}{{ $_ := set $config "clusterProportionalAutoscalers" false }}{{ end }}
{{- with $options.nodeLabels }}
{{- $labels := list }}
{{- range $key, $value := . }}{{ $labels = append $labels (printf "%s=%v" $key $value) }}{{ end }}
{{- $_ := set $config "nodelabels" (join "," $labels) }}
{{- end }}
{{- with $options.pollPeriodSeconds }}{{ $_ := set $config "pollPeriodSeconds" (max 1 (int .)) }}{{ end }}
{{- with $options.maxSyncFailures }}{{ $_ := set $config "maxSyncFailures" (max 0 (int .)) }}{{ end }}
{{- if ge (int $options.logLevel) 2 }}{{ $_ := set $config "logLevel" "debug" }}{{ end }}
{{- $values := merge (dict "config" $config) (omit .Values "config") }}
{{- if hasKey .Values "replicaCount" }}{{ $_ := set $values "replicas" .Values.replicaCount }}{{ end }}
{{- $release := merge (dict "Namespace" $namespace) .Release }}
{{- $root := dict "Values" $values "Release" $release "Chart" .Chart "Capabilities" .Capabilities "Template" .Template "Files" .Files }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ $fullname }}
  namespace: {{ $namespace }}
data:
  {{ $mode }}: |-
    {{ get $params $mode | toJson }}
{{ include "bellows.controller" (dict "root" $root "name" "cpa" "controllers" (list "cpa") "fullname" $fullname "selectorName" (include "bellows.cpa.chartName" .)) }}
{{- end }}

{{- define "bellows.cpa.chartName" -}}
{{ .Values.nameOverride | default "cluster-proportional-autoscaler" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* As upstream's chart names its objects: a release whose name contains the chart's stands for both. */}}
{{- define "bellows.cpa.fullname" -}}
{{- $name := include "bellows.cpa.chartName" . }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}
