import type { KubernetesObject } from "@bellows/api";
import { AutoScalingGroup } from "../ec2/index.ts";

export interface NodeGroup {
  readonly name: string;
  readonly instanceType: string;
  readonly minSize: number;
  readonly maxSize: number;
  readonly desiredCapacity: number;
}

/** The Auto Scaling group of a managed node group, as EKS would tag it. */
export const nodeGroupObject = (
  { name, instanceType, ...sizes }: NodeGroup,
  clusterName: string,
): KubernetesObject & { spec: object } => ({
  apiVersion: AutoScalingGroup.apiVersion,
  kind: AutoScalingGroup.kind,
  metadata: { name },
  spec: {
    ...sizes,
    instanceTypes: [instanceType],
    nodeGroup: name,
    tags: {
      "eks:cluster-name": clusterName,
      "eks:nodegroup-name": name,
      "k8s.io/cluster-autoscaler/enabled": "true",
      [`k8s.io/cluster-autoscaler/${clusterName}`]: "owned",
    },
  },
});
