{{/* What each controller's code does, and no more. The suite e2e/helm fails on any request that is forbidden. */}}

{{- define "bellows.rules.events" -}}
- { apiGroups: [""], resources: [events], verbs: [create, patch] }
{{- end }}

{{/* What gives other autoscalers away, for those that have rivals. */}}
{{- define "bellows.rules.neighbours" -}}
- { apiGroups: [coordination.k8s.io], resources: [leases], verbs: [list] }
- { apiGroups: [apps], resources: [deployments], verbs: [list] }
- { apiGroups: [admissionregistration.k8s.io], resources: [validatingwebhookconfigurations, mutatingwebhookconfigurations], verbs: [list] }
{{- end }}

{{- define "bellows.rules.hpa" -}}
{{ include "bellows.rules.events" . }}
- { apiGroups: [autoscaling], resources: [horizontalpodautoscalers], verbs: [list, watch] }
- { apiGroups: [autoscaling], resources: [horizontalpodautoscalers/status], verbs: [patch] }
- { apiGroups: [autoscaling.bellows.dev], resources: [horizontalpodautoscalers], verbs: [list, watch, patch] }
- { apiGroups: [autoscaling.bellows.dev], resources: [horizontalpodautoscalers/status], verbs: [patch] }
- { apiGroups: [apiextensions.k8s.io], resources: [customresourcedefinitions], resourceNames: [horizontalpodautoscalers.autoscaling.bellows.dev], verbs: [get] }
- { apiGroups: [""], resources: [pods], verbs: [list, watch] }
- { apiGroups: [apps], resources: [deployments, statefulsets], verbs: [list, watch] }
# Anything that has a scale may be a target.
- { apiGroups: ["*"], resources: ["*/scale"], verbs: [get, patch] }
- { apiGroups: [metrics.k8s.io], resources: [pods], verbs: [list] }
- { apiGroups: [custom.metrics.k8s.io], resources: ["*"], verbs: [get] }
- { apiGroups: [external.metrics.k8s.io], resources: ["*"], verbs: [list] }
{{- end }}

{{- define "bellows.rules.cpa" -}}
{{ include "bellows.rules.events" . }}
{{- if ne (toString .Values.config.clusterProportionalAutoscalers) "false" }}
- { apiGroups: [apiextensions.k8s.io], resources: [customresourcedefinitions], resourceNames: [clusterproportionalautoscalers.bellows.dev], verbs: [get] }
- { apiGroups: [bellows.dev], resources: [clusterproportionalautoscalers], verbs: [list, watch, patch] }
- { apiGroups: [bellows.dev], resources: [clusterproportionalautoscalers/status], verbs: [patch] }
- { apiGroups: [apps], resources: [replicasets, statefulsets], verbs: [list, watch] }
{{- end }}
- { apiGroups: [""], resources: [nodes], verbs: [list, watch] }
- { apiGroups: [apps], resources: [deployments], verbs: [list, watch] }
- { apiGroups: [apps], resources: [deployments/scale, replicasets/scale, statefulsets/scale], verbs: [get, patch] }
- { apiGroups: [""], resources: [replicationcontrollers/scale], verbs: [get, patch] }
{{- with .Values.config.configmap }}
- { apiGroups: [""], resources: [configmaps], resourceNames: [{{ . }}], verbs: [get, list, watch] }
{{- if $.Values.config.defaultParams }}
- { apiGroups: [""], resources: [configmaps], verbs: [create] }
{{- end }}
{{- end }}
{{- end }}

{{- define "bellows.rules.node-provisioner" -}}
{{ include "bellows.rules.events" . }}
{{ include "bellows.rules.neighbours" . }}
- { apiGroups: [apiextensions.k8s.io], resources: [customresourcedefinitions], resourceNames: [nodepools.karpenter.sh, nodeclaims.karpenter.sh, provisioners.karpenter.sh, ec2nodeclasses.karpenter.k8s.aws, awsnodetemplates.karpenter.k8s.aws], verbs: [get] }
{{- if ne (toString .Values.config.registerConversion) "false" }}
- { apiGroups: [apiextensions.k8s.io], resources: [customresourcedefinitions], resourceNames: [nodepools.karpenter.sh, nodeclaims.karpenter.sh, ec2nodeclasses.karpenter.k8s.aws], verbs: [patch] }
{{- end }}
- { apiGroups: [karpenter.sh], resources: [nodepools, provisioners], verbs: [list, watch] }
- { apiGroups: [karpenter.sh], resources: [nodepools], verbs: [patch] }
- { apiGroups: [karpenter.sh], resources: [nodeclaims], verbs: [get, list, watch, create, patch, delete] }
- { apiGroups: [karpenter.sh], resources: [nodepools/status, provisioners/status, nodeclaims/status], verbs: [patch] }
- { apiGroups: [karpenter.k8s.aws], resources: [ec2nodeclasses, awsnodetemplates], verbs: [list, watch] }
- { apiGroups: [karpenter.k8s.aws], resources: [ec2nodeclasses], verbs: [patch] }
- { apiGroups: [karpenter.k8s.aws], resources: [ec2nodeclasses/status, awsnodetemplates/status], verbs: [patch] }
- { apiGroups: [""], resources: [nodes], verbs: [get, list, watch, patch, delete] }
- { apiGroups: [""], resources: [pods], verbs: [list, watch, delete] }
- { apiGroups: [""], resources: [pods/eviction], verbs: [create] }
- { apiGroups: [""], resources: [namespaces, persistentvolumes, persistentvolumeclaims], verbs: [list, watch] }
- { apiGroups: [apps], resources: [deployments, statefulsets, daemonsets, replicasets], verbs: [list, watch] }
- { apiGroups: [batch], resources: [jobs], verbs: [list, watch] }
- { apiGroups: [storage.k8s.io], resources: [storageclasses, volumeattachments], verbs: [list, watch] }
{{- if and (eq (toString .Values.config.cloud) "simulated") (not .Values.config.simulatedCloudUrl) }}
# Simulated EC2 and kubelets: instances are objects, nodes register, pods run.
- { apiGroups: [apiextensions.k8s.io], resources: [customresourcedefinitions], verbs: [create] }
- { apiGroups: [ec2.sandbox.bellows.dev], resources: ["*"], verbs: ["*"] }
- { apiGroups: [""], resources: [nodes], verbs: [create] }
- { apiGroups: [""], resources: [nodes/status, pods/status], verbs: [patch] }
- { apiGroups: [coordination.k8s.io], resources: [leases], verbs: [get, create, update, patch] }
{{- end }}
{{- end }}

{{- define "bellows.rules.event-scaler" -}}
{{ include "bellows.rules.events" . }}
{{ include "bellows.rules.neighbours" . }}
- { apiGroups: [apiextensions.k8s.io], resources: [customresourcedefinitions], resourceNames: [scaledobjects.keda.sh, scaledjobs.keda.sh, triggerauthentications.keda.sh, clustertriggerauthentications.keda.sh, cloudeventsources.eventing.keda.sh, clustercloudeventsources.eventing.keda.sh], verbs: [get] }
- { apiGroups: [keda.sh], resources: [clustertriggerauthentications], verbs: [get, list, watch, patch] }
- { apiGroups: [keda.sh], resources: [clustertriggerauthentications/status], verbs: [patch] }
- { apiGroups: [eventing.keda.sh], resources: [clustercloudeventsources], verbs: [get, list, watch, patch] }
- { apiGroups: [eventing.keda.sh], resources: [clustercloudeventsources/status], verbs: [patch] }
- { apiGroups: [authentication.k8s.io], resources: [tokenreviews], verbs: [create] }
- { apiGroups: [authorization.k8s.io], resources: [subjectaccessreviews], verbs: [create] }
- { apiGroups: [apiregistration.k8s.io], resources: [apiservices], verbs: [list, create] }
- { apiGroups: [apiregistration.k8s.io], resources: [apiservices], resourceNames: [v1beta1.external.metrics.k8s.io], verbs: [get, update, delete] }
- { apiGroups: [admissionregistration.k8s.io], resources: [validatingwebhookconfigurations], verbs: [create] }
- { apiGroups: [admissionregistration.k8s.io], resources: [validatingwebhookconfigurations], resourceNames: [keda-admission], verbs: [patch] }
{{- if not .Values.config.watchNamespace }}
{{ include "bellows.rules.event-scaler.namespaced" . }}
{{- end }}
{{- end }}

{{/* What it does in namespaces: in all of them, or in the one that it watches. */}}
{{- define "bellows.rules.event-scaler.namespaced" -}}
- { apiGroups: [keda.sh], resources: [scaledobjects, scaledjobs, triggerauthentications], verbs: [get, list, watch, patch] }
- { apiGroups: [keda.sh], resources: [scaledobjects/status, scaledjobs/status, triggerauthentications/status], verbs: [patch] }
- { apiGroups: [keda.sh], resources: [scaledobjects/finalizers, scaledjobs/finalizers], verbs: [update] }
- { apiGroups: [eventing.keda.sh], resources: [cloudeventsources], verbs: [get, list, watch, patch] }
- { apiGroups: [eventing.keda.sh], resources: [cloudeventsources/status], verbs: [patch] }
- { apiGroups: [autoscaling], resources: [horizontalpodautoscalers], verbs: [list, watch, create, update, patch, delete] }
# Anything that has a scale may be a target.
- { apiGroups: ["*"], resources: ["*/scale"], verbs: [get, patch] }
- { apiGroups: [apps], resources: [deployments, statefulsets], verbs: [get, list, watch] }
- { apiGroups: [batch], resources: [jobs], verbs: [list, watch, create, delete] }
- { apiGroups: [""], resources: [pods, limitranges], verbs: [list, watch] }
- { apiGroups: [""], resources: [configmaps, serviceaccounts], verbs: [get] }
# Secrets that triggers refer to.
- { apiGroups: [""], resources: [secrets], verbs: [get] }
- { apiGroups: [""], resources: [serviceaccounts/token], verbs: [create] }
- { apiGroups: [metrics.k8s.io], resources: [pods], verbs: [list] }
{{- end }}

{{- define "bellows.rules.dashboard" -}}
- { apiGroups: [""], resources: [nodes, pods, events], verbs: [list] }
- { apiGroups: [autoscaling], resources: [horizontalpodautoscalers], verbs: [list] }
{{- end }}
