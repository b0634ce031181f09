import { type SecurityGroup, type SelectorTerm, type Subnet, zoneId } from "@bellows/aws";
import { IpPool } from "../kubelet/ip-pool.ts";
import { fractionOf, hexOf } from "../kubelet/jitter.ts";

export interface VpcOptions {
  readonly clusterName: string;
  /** Zone names: `us-east-1a`, ...; at most 8. */
  readonly zones: readonly string[];
}

/**
 * The network of a cluster as eksctl makes it: 192.168.0.0/16 with a /19 subnet in each zone, tagged for discovery.
 */
export class Vpc {
  readonly clusterName: string;
  readonly subnets: readonly Subnet[];
  readonly securityGroups: readonly SecurityGroup[];
  readonly #pools = new Map<string, IpPool>();

  constructor({ clusterName, zones }: VpcOptions) {
    this.clusterName = clusterName;
    const tags = { "karpenter.sh/discovery": clusterName, [`kubernetes.io/cluster/${clusterName}`]: "shared" };
    this.subnets = zones.map((zone, index) => ({
      id: `subnet-0${hexOf(`${clusterName}/${zone}`, 16)}`,
      zone,
      zoneId: zoneId(zone),
      cidrBlock: `192.168.${index * 32}.0/19`,
      availableIpAddressCount: 0,
      mapPublicIpOnLaunch: false,
      tags: {
        ...tags,
        Name: `eksctl-${clusterName}-cluster/SubnetPrivate-${zone}`,
        "kubernetes.io/role/internal-elb": "1",
      },
    }));
    for (const subnet of this.subnets) this.#pools.set(subnet.id, new IpPool(subnet.cidrBlock));
    const group = (name: string, groupTags: Record<string, string>): SecurityGroup => ({
      id: `sg-0${hexOf(`${clusterName}/${name}`, 16)}`,
      name,
      tags: groupTags,
    });
    this.securityGroups = [
      group(`eks-cluster-sg-${clusterName}-${Math.floor(fractionOf(clusterName) * 1e10)}`, {
        "karpenter.sh/discovery": clusterName,
        [`kubernetes.io/cluster/${clusterName}`]: "owned",
        "aws:eks:cluster-name": clusterName,
      }),
      group("default", {}),
    ];
  }

  /** Addresses of a subnet. @throws RangeError for an unknown one */
  pool(subnetId: string): IpPool {
    const pool = this.#pools.get(subnetId);
    if (!pool) throw new RangeError(`${subnetId}: no such subnet`);
    return pool;
  }

  describeSubnets(terms: readonly SelectorTerm[]): readonly Subnet[] {
    return this.subnets
      .filter((subnet) => terms.some((term) => this.matches(term, subnet)))
      .map((subnet) => ({ ...subnet, availableIpAddressCount: this.pool(subnet.id).available }))
      .sort(byId);
  }

  describeSecurityGroups(terms: readonly SelectorTerm[]): readonly SecurityGroup[] {
    return this.securityGroups.filter((group) => terms.some((term) => this.matches(term, group))).sort(byId);
  }

  /**
   * Manifests name the cluster they were written for in their discovery tags. The sandbox has one cluster, so that any
   * value of these tags means it.
   */
  matches(
    term: SelectorTerm,
    resource: { id: string; name?: string; tags: Readonly<Record<string, string>> },
  ): boolean {
    if (term.id !== undefined && term.id !== resource.id) return false;
    if (term.name !== undefined && !wildcard(term.name, resource.name ?? "")) return false;
    return Object.entries(term.tags ?? {}).every(([key, value]) => {
      const clusterTag = key.startsWith("kubernetes.io/cluster/") ? `kubernetes.io/cluster/${this.clusterName}` : key;
      const has = resource.tags[clusterTag];
      if (has === undefined) return false;
      return value === "*" || key === "karpenter.sh/discovery" || wildcard(value, has);
    });
  }
}

/** EC2 filters take `*` for any text. */
export function wildcard(pattern: string, text: string): boolean {
  if (!pattern.includes("*")) return pattern === text;
  const [first = "", ...rest] = pattern.split("*");
  if (!text.startsWith(first)) return false;
  let from = first.length;
  const last = rest.pop() ?? "";
  for (const part of rest) {
    const at = text.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return text.length - last.length >= from && text.endsWith(last);
}

const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1);
