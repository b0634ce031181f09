import { type EC2NodeClass, stableHash } from "@bellows/api";
import { type Cloud, NotFoundError } from "@bellows/aws";
import type { ConditionChange } from "../conditions.ts";
import { clusterTag } from "../provider/node-provider.ts";

/** The name of the profile that is made for a node class with a role. */
export const instanceProfileName = (clusterName: string, region: string, nodeClassName: string): string =>
  `${clusterName}_${BigInt(`0x${stableHash([region, nodeClassName])}`)}`;

/** The instance profile of a node class: the one it names, or one that is made for its role. */
export async function ensureInstanceProfile(
  cloud: Cloud,
  { metadata, spec }: EC2NodeClass,
  clusterName: string,
): Promise<{ readonly name: string | undefined; readonly change: ConditionChange }> {
  const type = "InstanceProfileReady";
  if (spec?.instanceProfile) {
    return { name: spec.instanceProfile, change: { type, status: "True" } };
  }
  if (!spec?.role) {
    const message = "the node class names neither a role nor an instance profile";
    return { name: undefined, change: { type, status: "False", reason: "InstanceProfileNotFound", message } };
  }
  const name = instanceProfileName(clusterName, cloud.region, metadata.name);
  const role = spec.role.split("/").at(-1) as string;
  const tags = {
    ...spec.tags,
    [clusterTag]: clusterName,
    [`kubernetes.io/cluster/${clusterName}`]: "owned",
    "karpenter.k8s.aws/ec2nodeclass": metadata.name,
  };
  if (!(await isThere(cloud, name, role))) await cloud.instanceProfiles.ensure({ name, role, tags });
  return { name, change: { type, status: "True" } };
}

async function isThere(cloud: Cloud, name: string, role: string): Promise<boolean> {
  try {
    return (await cloud.instanceProfiles.get(name)).role === role;
  } catch (error) {
    if (error instanceof NotFoundError) return false;
    throw error;
  }
}
