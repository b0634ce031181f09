/** The annotations by which a conversion to v1 and back loses nothing. The names are upstream's. */
export const kubeletAnnotation = "compatibility.karpenter.sh/v1beta1-kubelet-conversion";
export const nodeClassReferenceAnnotation = "compatibility.karpenter.sh/v1beta1-nodeclass-reference";
export const storedVersionMigratedAnnotation = "karpenter.sh/stored-version-migrated";
export const ubuntuAnnotation = "compatibility.karpenter.k8s.aws/v1beta1-ubuntu";
export const aliasVersionAnnotation = "compatibility.karpenter.k8s.aws/v1-alias-version";
