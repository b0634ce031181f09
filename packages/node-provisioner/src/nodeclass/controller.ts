import { AWSNodeTemplate, EC2NodeClass, NodeClaim, Provisioner, stableJson } from "@bellows/api";
import { CloudError } from "@bellows/aws";
import {
  type Controller,
  type ControllerContext,
  controller,
  keyOf,
  lookAgainAt,
  mapped,
  type ReconcileResult,
  self,
} from "@bellows/kube";
import type { Fleet } from "../cluster/fleet.ts";
import { legacyNodeClassOf } from "../cluster/pools.ts";
import {
  type ConditionChange,
  type ConditionSet,
  isTrue,
  type StatusCondition,
  withConditions,
} from "../conditions.ts";
import { nodeClassHashAnnotations } from "../nodepool/hash.ts";
import { patchUnchanged, withItem } from "../writes.ts";
import { findImages } from "./images.ts";
import { ensureInstanceProfile, instanceProfileName } from "./instance-profile.ts";
import { findSecurityGroups, findSubnets } from "./network.ts";

const finalizer = "karpenter.k8s.aws/termination";
const nodeClassConditions: ConditionSet = {
  dependents: ["AMIsReady", "SubnetsReady", "SecurityGroupsReady", "InstanceProfileReady", "ValidationSucceeded"],
};
/** What is selected in the cloud changes without a word: it is read anew this often. */
const refreshMs = 5 * 60_000;
const retryMs = 5_000;

type Status = NonNullable<EC2NodeClass["status"]>;

/**
 * Finds what a node class selects: subnets, security groups, machine images, instance profile. Writes: EC2NodeClass status
 * and hash, AWSNodeTemplate status, instance profiles.
 */
export function nodeClassController(fleet: Fleet): Controller {
  let kubernetesVersion: string | undefined;
  return controller({
    name: "nodeclass",
    watches: [
      self(EC2NodeClass),
      self(AWSNodeTemplate),
      mapped(Provisioner, (provisioner) => (provisioner.spec?.provider ? [keyOf(provisioner)] : [])),
      mapped(NodeClaim, (claim, { cache }) => {
        const { name } = claim.spec.nodeClassRef;
        return cache.get(EC2NodeClass, { name })?.metadata.deletionTimestamp ? [{ name }] : [];
      }),
    ],
    async reconcile(key, context) {
      const { cache, client, clock } = context;
      kubernetesVersion ??= await readVersion(context);
      const nodeClass = cache.get(EC2NodeClass, key);
      if (nodeClass?.metadata.deletionTimestamp) return finalize(nodeClass, fleet, context);
      if (nodeClass) {
        const marked = await mark(nodeClass, context);
        if (!marked) return lookAgainAt(clock.now());
        const resolved = await resolve(marked, fleet, kubernetesVersion, context);
        if ("failed" in resolved) return lookAgainAt(clock.now() + retryMs);
        if (stableJson(resolved.status) !== stableJson(marked.status)) {
          const written = await patchUnchanged(client, EC2NodeClass, marked, { status: resolved.status }, "status");
          if (!written) return lookAgainAt(clock.now());
        }
        return lookAgainAt(clock.now() + refreshMs);
      }
      const legacy = legacyNodeClassOf(cache, key.name, fleet.legacy);
      if (!legacy) return fleet.legacy.set(key.name, undefined);
      const resolved = await resolve(legacy, fleet, kubernetesVersion, context);
      if ("failed" in resolved) return lookAgainAt(clock.now() + retryMs);
      fleet.legacy.set(key.name, resolved.status);
      await writeTemplate(key.name, resolved.status, context);
      return lookAgainAt(clock.now() + refreshMs);
    },
  });
}

async function readVersion({ client }: ControllerContext): Promise<string> {
  const { major = "1", minor = "" } = (await client.raw("/version")) as { major?: string; minor?: string };
  return `${major}.${minor.replace(/\D/g, "")}`;
}

async function mark(nodeClass: EC2NodeClass, { client }: ControllerContext): Promise<EC2NodeClass | undefined> {
  const annotations = nodeClassHashAnnotations(nodeClass);
  const { metadata } = nodeClass;
  const isMarked =
    metadata.finalizers?.includes(finalizer) &&
    Object.entries(annotations).every(([key, value]) => metadata.annotations?.[key] === value);
  if (isMarked) return nodeClass;
  const finalizers = withItem(metadata.finalizers, finalizer);
  return patchUnchanged(client, EC2NodeClass, nodeClass, { metadata: { annotations, finalizers } });
}

async function resolve(
  nodeClass: EC2NodeClass,
  { provider }: Fleet,
  kubernetesVersion: string,
  { clock, log }: ControllerContext,
): Promise<{ readonly status: Status } | { readonly failed: true }> {
  const { cloud, cluster } = provider;
  const now = clock.now();
  try {
    const [subnets, groups, images, profile] = await Promise.all([
      findSubnets(cloud.ec2, nodeClass),
      findSecurityGroups(cloud.ec2, nodeClass),
      findImages(cloud, nodeClass, kubernetesVersion, now),
      ensureInstanceProfile(cloud, nodeClass, cluster.name),
    ]);
    const changes: ConditionChange[] = [images.change, subnets.change, groups.change, profile.change];
    const ready = changes.every((change) => change.status === "True");
    changes.push(
      ready
        ? isTrue("ValidationSucceeded")
        : {
            type: "ValidationSucceeded",
            status: "False",
            reason: "DependenciesNotReady",
            message: "Awaiting AMI, Instance Profile, Security Group, and Subnet resolution",
          },
    );
    const before = nodeClass.status?.conditions as readonly StatusCondition[] | undefined;
    const conditions = withConditions(before, changes, nodeClassConditions, nodeClass.metadata.generation, now);
    return {
      status: {
        ...nodeClass.status,
        subnets: subnets.items,
        securityGroups: groups.items,
        amis: images.items,
        ...(profile.name !== undefined && { instanceProfile: profile.name }),
        conditions: conditions as Status["conditions"],
      },
    };
  } catch (error) {
    if (!(error instanceof CloudError)) throw error;
    log.error("failed resolving nodeclass", { EC2NodeClass: { name: nodeClass.metadata.name }, error: error.message });
    return { failed: true };
  }
}

/** An AWSNodeTemplate shows what was found, as Karpenter 0.27 did. */
async function writeTemplate(name: string, status: Status, { cache, client }: ControllerContext): Promise<void> {
  const template = cache.get(AWSNodeTemplate, { name });
  if (!template) return;
  const shown = {
    subnets: status.subnets?.map(({ id, zone }) => ({ id, zone })),
    securityGroups: status.securityGroups,
    amis: status.amis?.map(({ deprecated: _, ...ami }) => ami),
  };
  if (stableJson(shown) === stableJson(template.status)) return;
  await patchUnchanged(client, AWSNodeTemplate, template, { status: shown }, "status");
}

/** A node class stays for as long as claims need it. */
async function finalize(nodeClass: EC2NodeClass, fleet: Fleet, context: ControllerContext): Promise<ReconcileResult> {
  const { cache, client, clock, events } = context;
  if (!nodeClass.metadata.finalizers?.includes(finalizer)) return;
  const { name } = nodeClass.metadata;
  const claims = cache.list(NodeClaim).filter((claim) => claim.spec.nodeClassRef.name === name);
  if (claims.length > 0) {
    const names = claims.map((claim) => claim.metadata.name).sort();
    const shown =
      names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} other(s)` : names.join(", ");
    const message = `Waiting on NodeClaim termination for ${shown}`;
    events.record(nodeClass, { type: "Normal", reason: "WaitingOnNodeClaimTermination", message });
    return lookAgainAt(clock.now() + refreshMs);
  }
  const { cloud, cluster } = fleet.provider;
  if (nodeClass.spec?.role) await cloud.instanceProfiles.delete(instanceProfileName(cluster.name, cloud.region, name));
  const finalizers = nodeClass.metadata.finalizers.filter((one) => one !== finalizer);
  const released = await patchUnchanged(client, EC2NodeClass, nodeClass, { metadata: { finalizers } });
  if (!released) return lookAgainAt(clock.now());
}
