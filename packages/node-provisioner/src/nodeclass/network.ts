import type { EC2NodeClass } from "@bellows/api";
import type { Ec2, SelectorTerm } from "@bellows/aws";
import { type Found, found } from "./found.ts";

type Status = NonNullable<EC2NodeClass["status"]>;

/** The subnets of a node class: those with the most free addresses first, so that the first of a zone is taken. */
export async function findSubnets(ec2: Ec2, { spec }: EC2NodeClass): Promise<Found<NonNullable<Status["subnets"]>>> {
  const subnets = await ec2.describeSubnets(termsOf(spec?.subnetSelectorTerms));
  const items = [...subnets]
    .sort((a, b) => b.availableIpAddressCount - a.availableIpAddressCount || (a.id < b.id ? -1 : 1))
    .map(({ id, zone, zoneId }) => ({ id, zone, zoneID: zoneId }));
  return found("SubnetsReady", items, "SubnetsNotFound", "SubnetSelector did not match any Subnets");
}

export async function findSecurityGroups(
  ec2: Ec2,
  { spec }: EC2NodeClass,
): Promise<Found<NonNullable<Status["securityGroups"]>>> {
  const groups = await ec2.describeSecurityGroups(termsOf(spec?.securityGroupSelectorTerms));
  const items = groups.map(({ id, name }) => ({ id, name }));
  const message = "SecurityGroupSelector did not match any SecurityGroups";
  return found("SecurityGroupsReady", items, "SecurityGroupsNotFound", message);
}

const termsOf = (terms: readonly object[] = []): readonly SelectorTerm[] => terms as readonly SelectorTerm[];
