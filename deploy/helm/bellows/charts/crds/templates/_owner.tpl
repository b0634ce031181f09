{{/* Generated from the settings' schemas by `npm run generate`; do not edit. */}}
{{/* Refuses to take over a definition that another release or a manifest installed. */}}
{{- define "bellows.crds.notOthers" -}}
{{- $known := lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" .name }}
{{- if $known }}
{{- $owner := get (default dict $known.metadata.annotations) "meta.helm.sh/release-name" }}
{{- if and (ne (toString $owner) .root.Release.Name) (not .root.Values.takeOver) }}
{{- $versions := list }}{{ range $known.spec.versions }}{{ $versions = append $versions .name }}{{ end }}
{{- fail (printf "crds: %s (%s) is installed already, by %s. Keep it with crds.enabled=false, or take it over with crds.takeOver=true and helm's --take-ownership" .name (join ", " $versions) (default "no Helm release" $owner)) }}
{{- end }}
{{- end }}
{{- end }}
