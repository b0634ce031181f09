import { condition, isConditionTrue, Node, NodeClaim, NodePool, Pod, Provisioner, removeCondition } from "@bellows/api";
import { type Controller, controller, lookAgainAt, mapped, parseTimestamp, self, timestamp } from "@bellows/kube";
import type { Fleet } from "../cluster/fleet.ts";
import { isOwnedByDaemonSet, isTerminal, isTerminating } from "../cluster/pods.ts";
import { poolOf } from "../cluster/pools.ts";
import { isTrue, type StatusCondition, withConditions } from "../conditions.ts";
import { consolidatableAt } from "../engine/quiet.ts";
import { nodePoolLabel } from "../engine/well-known-labels.ts";
import { claimConditions } from "../lifecycle/claim-conditions.ts";
import { patchUnchanged } from "../writes.ts";

/** Pod events closer together than this count as one. */
const dedupeMs = 5_000;

/**
 * Keeps of each claim when a pod last came to its node or left it, and says once nothing has changed for long enough that
 * the node may be consolidated. Writes: NodeClaim status (lastPodEventTime, Consolidatable).
 */
export function consolidatableController(fleet: Fleet): Controller {
  /** Pod events that are to be written down, by claim. */
  const events = new Map<string, number>();
  /** Whether a pod was on its node, going, or had ended, when it was last seen. */
  const states = new Map<string, string>();
  let startedAt = 0;

  return controller({
    name: "nodeclaim.disruption",
    concurrency: 10,
    watches: [
      self(NodeClaim),
      mapped(Pod, (pod, { cache, clock }) => {
        const uid = pod.metadata.uid ?? "";
        const nodeName = pod.spec?.nodeName;
        if (!nodeName || isOwnedByDaemonSet(pod)) return [];
        const key = { namespace: pod.metadata.namespace ?? "default", name: pod.metadata.name };
        const state = cache.get(Pod, key) ? stateOf(pod) : "gone";
        const before = states.get(uid);
        if (before === state) return [];
        if (state === "gone") states.delete(uid);
        else states.set(uid, state);
        // What was there before this process is no news.
        if (before === undefined && (parseTimestamp(pod.metadata.creationTimestamp) ?? 0) < startedAt - 1_000)
          return [];
        const node = cache.get(Node, { name: nodeName });
        const name = fleet.indexes.claimName(node?.spec?.providerID ?? "");
        if (!name) return [];
        events.set(name, clock.now());
        return [{ name }];
      }),
      mapped(NodePool, (pool, { cache }) => claimsOf(pool.metadata.name, cache.list(NodeClaim))),
      mapped(Provisioner, (pool, { cache }) => claimsOf(pool.metadata.name, cache.list(NodeClaim))),
    ],
    reads: [Node] as never,
    start(context) {
      startedAt = context.clock.now();
      fleet.indexes.attach(context.cache);
    },
    async reconcile(key, { cache, client, clock }) {
      const claim = cache.get(NodeClaim, key);
      if (!claim || claim.metadata.deletionTimestamp) {
        events.delete(key.name);
        return;
      }
      const pool = poolOf(cache, claim.metadata.labels?.[nodePoolLabel] ?? "");
      if (!pool) return;
      const now = clock.now();
      const eventAt = events.get(key.name);
      const written = parseTimestamp(claim.status?.lastPodEventTime);
      const isNews = eventAt !== undefined && (written === undefined || eventAt - written >= dedupeMs);
      const lastPodEventAt = isNews ? roundedUp(eventAt) : (written ?? eventAt);

      const conditions = (claim.status?.conditions ?? []) as readonly StatusCondition[];
      const initialized = condition(conditions, "Initialized");
      const at = consolidatableAt(pool.nodePool, {
        initializedAt: initialized?.status === "True" ? parseTimestamp(initialized.lastTransitionTime) : undefined,
        lastPodEventAt,
      });
      const next =
        now >= at
          ? isConditionTrue(conditions, "Consolidatable")
            ? conditions
            : withConditions(conditions, [isTrue("Consolidatable")], claimConditions, claim.metadata.generation, now)
          : removeCondition(conditions, "Consolidatable");
      if (next !== conditions || isNews) {
        const status = { conditions: next, ...(isNews && { lastPodEventTime: timestamp(roundedUp(eventAt)) }) };
        const patched = await patchUnchanged(client, NodeClaim, claim, { status }, "status");
        if (!patched) return lookAgainAt(now);
      }
      if (eventAt !== undefined && events.get(key.name) === eventAt) events.delete(key.name);
      return now < at && at < Number.POSITIVE_INFINITY ? lookAgainAt(at) : undefined;
    },
  });
}

/** To the second that objects hold, so that a node is never quiet too soon. */
const roundedUp = (at: number): number => Math.ceil(at / 1_000) * 1_000;

const stateOf = (pod: Pod): string => (isTerminal(pod) ? "ended" : isTerminating(pod) ? "going" : "bound");

const claimsOf = (pool: string, claims: readonly NodeClaim[]) =>
  claims
    .filter((claim) => claim.metadata.labels?.[nodePoolLabel] === pool)
    .map((claim) => ({ name: claim.metadata.name }));
