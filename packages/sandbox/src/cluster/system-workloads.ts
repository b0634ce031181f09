import type { Container, DaemonSet, Deployment, KubernetesObject, Service, Toleration } from "@bellows/api";

/** A component of the control plane that shows as pods, so that its logs are read with `kubectl logs`. */
export const componentLabel = "sandbox.bellows.dev/component";

interface Amounts {
  readonly cpu?: string;
  readonly memory?: string;
}

const container = (name: string, image: string, requests: Amounts, limits?: Amounts): Container => ({
  name,
  image,
  resources: { requests: { ...requests }, ...(limits && { limits: { ...limits } }) },
});

const anyTaint: Toleration[] = [{ operator: "Exists" }];

/** What runs on every node of an EKS cluster before anything else: the CNI and the service proxy. */
export const systemDaemonSets: readonly DaemonSet[] = [
  daemonSet("aws-node", [
    container("aws-node", "602401143452.dkr.ecr.us-east-1.amazonaws.com/amazon-k8s-cni:v1.20.4", { cpu: "25m" }),
    container(
      "aws-eks-nodeagent",
      "602401143452.dkr.ecr.us-east-1.amazonaws.com/amazon/aws-network-policy-agent:v1.2.7",
      { cpu: "25m" },
    ),
  ]),
  daemonSet("kube-proxy", [
    container("kube-proxy", "602401143452.dkr.ecr.us-east-1.amazonaws.com/eks/kube-proxy:v1.35.0-eksbuild.2", {
      cpu: "100m",
    }),
  ]),
];

function daemonSet(name: string, containers: Container[]): DaemonSet {
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name, namespace: "kube-system", labels: { "k8s-app": name } },
    spec: {
      selector: { matchLabels: { "k8s-app": name } },
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "10%" } },
      template: {
        metadata: { labels: { "k8s-app": name } },
        spec: { hostNetwork: true, priorityClassName: "system-node-critical", tolerations: anyTaint, containers },
      },
    },
  };
}

/** The add-ons of an EKS cluster, and the node provisioner under the name that Karpenter's users look for. */
export const systemDeployments: readonly Deployment[] = [
  deployment("kube-system", "coredns", 2, {
    labels: { "k8s-app": "kube-dns" },
    container: container(
      "coredns",
      "602401143452.dkr.ecr.us-east-1.amazonaws.com/eks/coredns:v1.12.4-eksbuild.1",
      { cpu: "100m", memory: "70Mi" },
      { memory: "170Mi" },
    ),
  }),
  deployment("kube-system", "metrics-server", 1, {
    labels: { "k8s-app": "metrics-server" },
    container: container("metrics-server", "602401143452.dkr.ecr.us-east-1.amazonaws.com/eks/metrics-server:v0.8.0", {
      cpu: "100m",
      memory: "200Mi",
    }),
  }),
  deployment("karpenter", "karpenter", 1, {
    labels: { "app.kubernetes.io/name": "karpenter", "app.kubernetes.io/instance": "karpenter" },
    podLabels: { [componentLabel]: "node-provisioner" },
    container: container("controller", "bellows/node-provisioner:sandbox", { cpu: "50m", memory: "128Mi" }),
  }),
];

interface DeploymentParts {
  readonly labels: Record<string, string>;
  readonly podLabels?: Record<string, string>;
  readonly container: Container;
}

function deployment(namespace: string, name: string, replicas: number, parts: DeploymentParts): Deployment {
  const { labels, podLabels = {}, container } = parts;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace, labels },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels: { ...labels, ...podLabels } },
        spec: {
          priorityClassName: "system-cluster-critical",
          tolerations: [{ key: "CriticalAddonsOnly", operator: "Exists" }],
          containers: [container],
        },
      },
    },
  };
}

export const systemServices: readonly Service[] = [
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: "kube-dns",
      namespace: "kube-system",
      labels: { "k8s-app": "kube-dns", "kubernetes.io/name": "CoreDNS" },
    },
    spec: {
      clusterIP: "10.100.0.10",
      selector: { "k8s-app": "kube-dns" },
      ports: [
        { name: "dns", port: 53, protocol: "UDP", targetPort: 53 },
        { name: "dns-tcp", port: 53, protocol: "TCP", targetPort: 53 },
      ],
    },
  },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "metrics-server", namespace: "kube-system", labels: { "k8s-app": "metrics-server" } },
    spec: {
      selector: { "k8s-app": "metrics-server" },
      ports: [{ name: "https", port: 443, protocol: "TCP", targetPort: 10251 }],
    },
  },
];

/** Namespaces beyond Kubernetes' own. */
export const systemNamespaces: readonly KubernetesObject[] = [
  { apiVersion: "v1", kind: "Namespace", metadata: { name: "karpenter" } },
];

interface ClusterObject extends KubernetesObject {
  readonly [field: string]: unknown;
}

/** EKS's storage classes. */
export const systemStorageClasses: readonly ClusterObject[] = [
  {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name: "gp2", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
    provisioner: "ebs.csi.aws.com",
    parameters: { type: "gp2", fsType: "ext4" },
    reclaimPolicy: "Delete",
    volumeBindingMode: "WaitForFirstConsumer",
  },
  {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name: "gp3" },
    provisioner: "ebs.csi.aws.com",
    parameters: { type: "gp3" },
    reclaimPolicy: "Delete",
    volumeBindingMode: "WaitForFirstConsumer",
    allowVolumeExpansion: true,
  },
];
