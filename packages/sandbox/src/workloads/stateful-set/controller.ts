import {
  ControllerRevision,
  type OwnerReference,
  PersistentVolumeClaim,
  Pod,
  type PodTemplateSpec,
  StatefulSet,
  type StatefulSetStatus,
  selectorOf,
} from "@bellows/api";
import {
  type Controller,
  type ControllerContext,
  isAlreadyExists,
  isNotFound,
  keyOf,
  lookAgainAt,
  mapped,
  self,
} from "@bellows/kube";
import { syncRevisions, templateOf, truncateRevisions } from "../controller-revisions.ts";
import { claim, controllerOf } from "../ownership.ts";
import { isAvailable, isFinished, isReady, isTerminating, nextAvailableAt } from "../pod-state.ts";
import { deleteExactly, fieldManager, toleratingConflicts, writeStatus } from "../writes.ts";
import { claimsFor, ordinalOf, podOf, revisionLabel, startOrdinal } from "./identity.ts";
import { nextSteps, type Step } from "./next-step.ts";

/** Keeps pods with stable names and volumes. Writes: pods, claims, ControllerRevisions, StatefulSet status, Events. */
export const statefulSetController = (): Controller =>
  toleratingConflicts({
    name: "statefulset-controller",
    watches: [
      self(StatefulSet),
      mapped(Pod, (pod, { cache }) => {
        const owner = controllerOf(pod);
        const namespace = pod.metadata.namespace as string;
        if (owner) return owner.kind === "StatefulSet" ? [{ namespace, name: owner.name }] : [];
        const sets = cache.list(StatefulSet, namespace);
        return sets.filter((set) => selectorOf(set.spec?.selector).matches(pod.metadata.labels)).map(keyOf);
      }),
    ],
    reads: [PersistentVolumeClaim, ControllerRevision] as never,
    async reconcile(key, context) {
      const set = context.cache.get(StatefulSet, key);
      if (!set?.spec) return undefined;
      return new StatefulSync(set, context).reconcile();
    },
  });

class StatefulSync {
  readonly #set: StatefulSet;
  readonly #context: ControllerContext;

  constructor(set: StatefulSet, context: ControllerContext) {
    this.#set = set;
    this.#context = context;
  }

  async reconcile() {
    const { clock, client } = this.#context;
    const set = this.#set;
    const selector = selectorOf(set.spec?.selector);
    const pods = await claim(this.#context, {
      owner: set,
      ownerKind: StatefulSet,
      kind: Pod,
      matches: (pod) => selector.matches(pod.metadata.labels) && ordinalOf(set, pod.metadata.name) !== undefined,
    });
    if (set.metadata.deletionTimestamp) return undefined;
    const template = set.spec?.template as PodTemplateSpec;
    const { collisionCount: known } = set.status ?? {};
    const revisions = await syncRevisions(this.#context, {
      object: set,
      kind: StatefulSet as never,
      selector,
      template,
      collisionCount: known,
    });
    const { update } = revisions;
    const current = revisions.all.find((revision) => revision.metadata.name === set.status?.currentRevision) ?? update;
    const now = clock.now();

    await this.#keepClaimOwners(pods);
    const steps = nextSteps({ set, pods, updateRevision: update.metadata.name, now });
    const created: Pod[] = [];
    const gone = new Set<Pod>();
    let failure: unknown;
    try {
      for (const step of steps) {
        const pod = await this.#take(step, current, update);
        if (pod) created.push(pod);
        else if (step.act === "recreate") gone.add(step.pod);
      }
    } catch (error) {
      failure = error;
    }
    const present = [...pods.filter((pod) => !gone.has(pod)), ...created];
    await writeStatus(client, StatefulSet, set, this.#status(present, current, update, revisions.collisionCount));
    if (failure) throw failure;
    const used = new Set([
      current.metadata.name,
      update.metadata.name,
      ...pods.map((pod) => pod.metadata.labels?.[revisionLabel]),
    ]);
    await truncateRevisions(
      this.#context,
      revisions.all,
      (revision) => used.has(revision.metadata.name),
      set.spec?.revisionHistoryLimit,
    );
    const next = nextAvailableAt(pods, set.spec?.minReadySeconds, now);
    return next === undefined ? undefined : lookAgainAt(next);
  }

  async #take(step: Step, current: ControllerRevision, update: ControllerRevision): Promise<Pod | undefined> {
    const { events } = this.#context;
    const { name, namespace } = this.#set.metadata;
    switch (step.act) {
      case "create": {
        const revision = step.revision === "current" ? current : update;
        const template = templateOf(revision) ?? (this.#set.spec?.template as PodTemplateSpec);
        return this.#create(podOf(this.#set, template, step.ordinal, revision.metadata.name), step.ordinal);
      }
      case "recreate": {
        const failed = step.pod.status?.phase === "Failed";
        const message = `StatefulSet ${namespace}/${name} is recreating ${failed ? "failed" : "terminated"} Pod ${step.pod.metadata.name}`;
        const reason = failed ? "RecreatingFailedPod" : "RecreatingTerminatedPod";
        events.record(this.#set, { type: failed ? "Warning" : "Normal", reason, message });
        await this.#delete(step.pod);
        return undefined;
      }
      case "scaleDown":
      case "update":
        await this.#delete(step.pod);
        return undefined;
    }
  }

  async #create(pod: Pod, ordinal: number): Promise<Pod | undefined> {
    const { client } = this.#context;
    const { name } = pod.metadata;
    try {
      await this.#createClaims(ordinal, name);
      const created = await client.create(Pod, pod, { fieldManager });
      this.#tell("create", name);
      return created;
    } catch (error) {
      if (isAlreadyExists(error)) return undefined;
      this.#tell("create", name, error);
      throw error;
    }
  }

  async #createClaims(ordinal: number, podName: string): Promise<void> {
    const { client, cache, events } = this.#context;
    const { name } = this.#set.metadata;
    for (const claim of claimsFor(this.#set, ordinal).values()) {
      if (cache.get(PersistentVolumeClaim, keyOf(claim))) continue;
      const reference = this.#policy("whenDeleted") === "Delete" ? [plainReference(StatefulSet, this.#set)] : [];
      const metadata = { ...claim.metadata, ...(reference.length > 0 && { ownerReferences: reference }) };
      try {
        await client.create(PersistentVolumeClaim, { ...claim, metadata }, { fieldManager });
        const message = `Create Claim ${claim.metadata.name} Pod ${podName} in StatefulSet ${name} success`;
        events.record(this.#set, { type: "Normal", reason: "SuccessfulCreate", message });
      } catch (error) {
        if (isAlreadyExists(error)) continue;
        const cause = error instanceof Error ? error.message : String(error);
        const message = `Create Claim ${claim.metadata.name} for Pod ${podName} in StatefulSet ${name} failed error: ${cause}`;
        events.record(this.#set, { type: "Warning", reason: "FailedCreate", message });
        throw error;
      }
    }
  }

  async #delete(pod: Pod): Promise<void> {
    try {
      await deleteExactly(this.#context.client, Pod, pod);
      this.#tell("delete", pod.metadata.name);
    } catch (error) {
      this.#tell("delete", pod.metadata.name, error);
      throw error;
    }
  }

  #tell(verb: "create" | "delete", podName: string, error?: unknown): void {
    const { name } = this.#set.metadata;
    const word = verb === "create" ? "Create" : "Delete";
    const cause = error instanceof Error ? error.message : String(error);
    const event =
      error === undefined
        ? {
            type: "Normal" as const,
            reason: `Successful${word}`,
            message: `${word} Pod ${podName} in StatefulSet ${name} successful`,
          }
        : {
            type: "Warning" as const,
            reason: `Failed${word}`,
            message: `${word} Pod ${podName} in StatefulSet ${name} failed error: ${cause}`,
          };
    this.#context.events.record(this.#set, event);
  }

  #policy(when: "whenDeleted" | "whenScaled"): string {
    return this.#set.spec?.persistentVolumeClaimRetentionPolicy?.[when] ?? "Retain";
  }

  /** Claims go with the set, or with a pod that is scaled away, by owner references that follow the retention policy. */
  async #keepClaimOwners(pods: readonly Pod[]): Promise<void> {
    if ((this.#set.spec?.volumeClaimTemplates ?? []).length === 0) return;
    const { cache, client } = this.#context;
    const start = startOrdinal(this.#set);
    const end = start + (this.#set.spec?.replicas ?? 1);
    for (const pod of pods) {
      const ordinal = ordinalOf(this.#set, pod.metadata.name) as number;
      const condemned = ordinal < start || ordinal >= end;
      for (const wanted of claimsFor(this.#set, ordinal).values()) {
        const claim = cache.get(PersistentVolumeClaim, keyOf(wanted));
        if (!claim) continue;
        const others = (claim.metadata.ownerReferences ?? []).filter(
          ({ uid }) => uid !== this.#set.metadata.uid && uid !== pod.metadata.uid,
        );
        const own: OwnerReference[] = [];
        if (condemned && this.#policy("whenScaled") === "Delete") own.push(plainReference(Pod, pod));
        else if (this.#policy("whenDeleted") === "Delete") own.push(plainReference(StatefulSet, this.#set));
        const ownerReferences = [...others, ...own];
        const uids = (references: readonly OwnerReference[] = []) => references.map(({ uid }) => uid).join();
        if (uids(claim.metadata.ownerReferences) === uids(ownerReferences)) continue;
        const metadata = { ownerReferences: ownerReferences.length > 0 ? ownerReferences : null };
        await client
          .patch(PersistentVolumeClaim, keyOf(claim), { type: "merge", body: { metadata } }, { fieldManager })
          .catch((error: unknown) => {
            if (!isNotFound(error)) throw error;
          });
      }
    }
  }

  #status(
    pods: readonly Pod[],
    current: ControllerRevision,
    update: ControllerRevision,
    collisionCount: number | undefined,
  ): StatefulSetStatus {
    const now = this.#context.clock.now();
    const counted = { replicas: 0, readyReplicas: 0, availableReplicas: 0, currentReplicas: 0, updatedReplicas: 0 };
    for (const pod of pods) {
      if (isFinished(pod)) continue;
      counted.replicas++;
      if (pod.status?.phase === "Running" && isReady(pod)) {
        counted.readyReplicas++;
        if (isAvailable(pod, this.#set.spec?.minReadySeconds, now)) counted.availableReplicas++;
      }
      if (isTerminating(pod)) continue;
      const revision = pod.metadata.labels?.[revisionLabel];
      if (revision === current.metadata.name) counted.currentReplicas++;
      if (revision === update.metadata.name) counted.updatedReplicas++;
    }
    const rolledOut =
      this.#set.spec?.updateStrategy?.type !== "OnDelete" &&
      counted.updatedReplicas === counted.replicas &&
      counted.readyReplicas === counted.replicas;
    const currentRevision = rolledOut ? update.metadata.name : current.metadata.name;
    const currentReplicas = rolledOut ? counted.updatedReplicas : counted.currentReplicas;
    return {
      availableReplicas: counted.availableReplicas,
      collisionCount: collisionCount ?? 0,
      ...(currentReplicas > 0 && { currentReplicas }),
      currentRevision,
      observedGeneration: this.#set.metadata.generation ?? 0,
      ...(counted.readyReplicas > 0 && { readyReplicas: counted.readyReplicas }),
      replicas: counted.replicas,
      updateRevision: update.metadata.name,
      ...(counted.updatedReplicas > 0 && { updatedReplicas: counted.updatedReplicas }),
    };
  }
}

/** Owns without controlling: what a claim needs to be collected with its owner. */
const plainReference = (
  { apiVersion, kind }: typeof Pod | typeof StatefulSet,
  { metadata }: Pod | StatefulSet,
): OwnerReference => ({
  apiVersion,
  kind,
  name: metadata.name,
  uid: metadata.uid ?? "",
});
