/** An operator that decides over the same objects as one of ours. */
export interface Neighbour {
  readonly name: string;
  /** Our controllers that must not act beside it. */
  readonly rivals: readonly string[];
  /** Our controller that acts beside it, and leaves to it what it acts on. */
  readonly beside?: string;
  /** Names of its leases, in any namespace. */
  readonly leases: readonly string[];
  /** How the images of its pods are named. */
  readonly image?: RegExp;
  /** Names of its webhook configurations. */
  readonly webhooks: readonly string[];
  /** Names of Services that its APIServices point to. */
  readonly apiServiceBackends: readonly string[];
  /** What its owner is to do before ours may act. */
  readonly fix: string;
}

/** Names as their charts and manifests give them: KEDA 2.21, Karpenter 1.x, VPA 1.x, Cluster Autoscaler 1.35, CPA 1.10. */
export const neighbours: readonly Neighbour[] = [
  {
    name: "KEDA",
    rivals: ["event-scaler"],
    leases: ["operator.keda.sh"],
    image: /(^|\/)keda(-metrics-apiserver|-admission-webhooks)?(:|@|$)/,
    webhooks: ["keda-admission"],
    apiServiceBackends: ["keda-operator-metrics-apiserver", "keda-metrics-apiserver"],
    fix: "scale its operator to 0 (kubectl -n keda scale deploy keda-operator keda-operator-metrics-apiserver keda-admission-webhooks --replicas=0); ScaledObjects stay",
  },
  {
    name: "Karpenter",
    rivals: ["node-provisioner"],
    leases: ["karpenter-leader-election"],
    image: /(^|\/)karpenter\/(controller|aws-controller)(:|@|$)/,
    webhooks: [
      "validation.webhook.karpenter.sh",
      "validation.webhook.config.karpenter.sh",
      "validation.webhook.karpenter.k8s.aws",
      "defaulting.webhook.karpenter.sh",
      "defaulting.webhook.karpenter.k8s.aws",
    ],
    apiServiceBackends: [],
    fix: "scale it to 0 (kubectl -n kube-system scale deploy karpenter --replicas=0); NodePools, NodeClaims and nodes stay",
  },
  {
    name: "Cluster Autoscaler",
    rivals: ["node-provisioner"],
    leases: ["cluster-autoscaler"],
    image: /(^|\/)cluster-autoscaler(-(amd64|arm64|s390x))?(:|@|$)/,
    webhooks: [],
    apiServiceBackends: [],
    fix: "scale it to 0 (kubectl -n kube-system scale deploy cluster-autoscaler --replicas=0); Auto Scaling groups keep their size",
  },
  {
    name: "Vertical Pod Autoscaler",
    rivals: ["vpa"],
    leases: ["vpa-recommender-lease", "vpa-updater-lease"],
    image: /(^|\/)vpa-(recommender|updater|admission-controller)(:|@|$)/,
    webhooks: ["vpa-webhook-config"],
    apiServiceBackends: [],
    fix: "scale it to 0 (kubectl -n kube-system scale deploy vpa-recommender vpa-updater vpa-admission-controller --replicas=0) and delete the webhook configuration vpa-webhook-config",
  },
  {
    // A cluster may have several, such as one for its DNS: each is a rival for its own targets only.
    name: "Cluster Proportional Autoscaler",
    rivals: [],
    beside: "cpa",
    leases: [],
    image: /(^|\/)cluster-proportional-autoscaler(-(amd64|arm64|arm|ppc64le|s390x))?(:|@|$)/,
    webhooks: [],
    apiServiceBackends: [],
    fix: "scale its Deployment to 0, or delete it; its ConfigMap is read by ours",
  },
];

/** Our controller that must not act beside the HPA of kube-controller-manager. */
export const inTreeHpaRival = "hpa";
/** What kube-controller-manager writes the status of an autoscaler as. */
export const inTreeHpaManager = "kube-controller-manager";
export const inTreeHpaFix =
  "switch it off with --controllers=*,-horizontal-pod-autoscaler-controller on kube-controller-manager; where that can't be done (EKS), leave autoscaling/v2 to it";
