import { Deployment, type DeploymentCondition, Pod, ReplicaSet, SelectorError, selectorOf } from "@bellows/api";
import {
  type Controller,
  type ControllerContext,
  isAlreadyExists,
  keyOf,
  lookAgainAt,
  mapped,
  type ReconcileResult,
  self,
} from "@bellows/kube";
import { byController } from "../object-index.ts";
import { claim, controllerOf } from "../ownership.ts";
import { isFinished } from "../pod-state.ts";
import { templateHash } from "../template-hash.ts";
import {
  controllerReference,
  deleteExactly,
  fieldManager,
  isNamespaceTerminating,
  toleratingConflicts,
  writeStatus,
} from "../writes.ts";
import {
  findNewSet,
  hashLabel,
  highestRevision,
  newSetAnnotations,
  revisionAnnotation,
  revisionOf,
  sizeAnnotations,
} from "./revisions.ts";
import { desiredAnnotation, isRolling, newSetReplicas, proportionalSizes, replicasOf, shrinkOldSets } from "./sizes.ts";
import { deadlineOf, find, hasDeadline, isComplete, put, statusOf, withProgress } from "./status.ts";

/** Rolls the pods of Deployments from version to version. Writes: ReplicaSets, Deployment status, Events. */
export const deploymentController = (): Controller =>
  toleratingConflicts({
    name: "deployment-controller",
    watches: [
      self(Deployment),
      mapped(ReplicaSet, (set, { cache }) => {
        const owner = controllerOf(set);
        const namespace = set.metadata.namespace as string;
        if (owner) return owner.kind === "Deployment" ? [{ namespace, name: owner.name }] : [];
        return cache
          .list(Deployment, namespace)
          .filter((each) => selects(each, set))
          .map(keyOf);
      }),
      mapped(Pod, (pod, { cache }) => {
        // Only Recreate waits for pods themselves: for the last of the old version to be gone.
        const owner = controllerOf(pod);
        if (owner?.kind !== "ReplicaSet") return [];
        const set = cache.get(ReplicaSet, { namespace: pod.metadata.namespace as string, name: owner.name });
        const top = set && controllerOf(set);
        if (top?.kind !== "Deployment") return [];
        const key = { namespace: pod.metadata.namespace as string, name: top.name };
        const deployment = cache.get(Deployment, key);
        return deployment && !isRolling(deployment) ? [key] : [];
      }),
    ],
    async reconcile(key, context) {
      const deployment = context.cache.get(Deployment, key);
      return deployment && new Rollout(deployment, context).reconcile();
    },
  });

function selects({ spec }: Deployment, { metadata }: ReplicaSet): boolean {
  try {
    return selectorOf(spec?.selector).matches(metadata.labels);
  } catch (error) {
    if (error instanceof SelectorError) return false;
    throw error;
  }
}

/** One pass over a Deployment. Conditions gather here and are written with the status, once. */
class Rollout {
  readonly #context: ControllerContext;
  #deployment: Deployment;
  #sets: ReplicaSet[] = [];
  #newSet: ReplicaSet | undefined;
  #conditions: readonly DeploymentCondition[];
  #collisionCount: number | undefined;

  constructor(deployment: Deployment, context: ControllerContext) {
    this.#context = context;
    this.#deployment = deployment;
    this.#conditions = deployment.status?.conditions ?? [];
    this.#collisionCount = deployment.status?.collisionCount;
  }

  get #oldSets(): ReplicaSet[] {
    return this.#sets.filter((set) => set.metadata.uid !== this.#newSet?.metadata.uid);
  }

  async reconcile(): Promise<ReconcileResult> {
    const { events, clock } = this.#context;
    const deployment = this.#deployment;
    const { selector } = deployment.spec ?? {};
    if (selector && !selector.matchLabels && !selector.matchExpressions?.length) {
      const message = "This deployment is selecting all pods. A non-empty selector is required.";
      events.record(deployment, { type: "Warning", reason: "SelectingAll", message });
      return undefined;
    }
    this.#sets = await claim(this.#context, {
      owner: deployment,
      ownerKind: Deployment,
      kind: ReplicaSet,
      matches: (set) => selects(deployment, set),
    });
    this.#newSet = findNewSet(deployment, this.#sets);
    if (deployment.metadata.deletionTimestamp) return this.#writeStatus(false);
    this.#notePause();
    await this.#syncNewSet();

    const scaled = this.#sets.some((set) => {
      const desired = set.metadata.annotations?.[desiredAnnotation];
      return replicasOf(set) > 0 && desired !== undefined && Number(desired) !== replicasOf(deployment);
    });
    if (deployment.spec?.paused || scaled) {
      await this.#scale();
      if (deployment.spec?.paused) await this.#cleanUp();
      return this.#writeStatus(false);
    }
    if (isRolling(deployment)) await this.#roll();
    else await this.#recreate();
    const result = await this.#writeStatus(true);
    if (isComplete(this.#deployment, this.#deployment.status ?? {})) await this.#cleanUp();
    if (result) return result;
    const deadline = deadlineOf(this.#deployment, this.#conditions);
    return deadline === undefined ? undefined : lookAgainAt(Math.max(deadline + 1, clock.now() + 1));
  }

  async #roll(): Promise<void> {
    const newSet = this.#newSet ?? (await this.#createNewSet());
    if (!newSet) return;
    const desired = replicasOf(this.#deployment);
    if (replicasOf(newSet) > desired) return void (await this.#resize(newSet, desired));
    if (replicasOf(newSet) < desired) {
      const size = newSetReplicas(this.#deployment, this.#sets, replicasOf(newSet));
      if (size !== replicasOf(newSet)) return void (await this.#resize(newSet, size));
    }
    for (const { set, replicas } of shrinkOldSets(this.#deployment, this.#oldSets, newSet))
      await this.#resize(set, replicas);
  }

  async #recreate(): Promise<void> {
    const running = this.#oldSets.filter((set) => replicasOf(set) > 0);
    for (const set of running) await this.#resize(set, 0);
    if (running.length > 0 || this.#oldPodsRun()) return;
    const newSet = this.#newSet ?? (await this.#createNewSet());
    if (newSet) await this.#resize(newSet, replicasOf(this.#deployment));
  }

  #oldPodsRun(): boolean {
    const pods = byController(this.#context.cache, Pod);
    return this.#oldSets.some(
      (set) => (set.status?.replicas ?? 0) > 0 || pods.at(set.metadata.uid ?? "").some((pod) => !isFinished(pod)),
    );
  }

  #put(status: string, reason: string, message: string): void {
    this.#conditions = put(this.#conditions, "Progressing", status, reason, message, this.#context.clock.now());
  }

  /** A pause stops the progress deadline; the way out of it starts it anew. */
  #notePause(): void {
    if (!hasDeadline(this.#deployment)) return;
    const reason = find(this.#conditions, "Progressing")?.reason;
    if (reason === "ProgressDeadlineExceeded") return;
    const paused = this.#deployment.spec?.paused ?? false;
    if (paused && reason !== "DeploymentPaused") this.#put("Unknown", "DeploymentPaused", "Deployment is paused");
    if (!paused && reason === "DeploymentPaused") this.#put("Unknown", "DeploymentResumed", "Deployment is resumed");
  }

  /** Keeps annotations, revision and minReadySeconds of an existing new ReplicaSet in step. */
  async #syncNewSet(): Promise<void> {
    const set = this.#newSet;
    if (!set) return;
    const annotations = newSetAnnotations(this.#deployment, set, highestRevision(this.#oldSets) + 1);
    const minReadySeconds = this.#deployment.spec?.minReadySeconds ?? 0;
    const sameAnnotations = Object.entries(annotations).every(
      ([key, value]) => set.metadata.annotations?.[key] === value,
    );
    if (!sameAnnotations || (set.spec?.minReadySeconds ?? 0) !== minReadySeconds) {
      this.#replace(
        await this.#context.client.update(
          ReplicaSet,
          {
            ...set,
            metadata: { ...set.metadata, annotations },
            spec: { ...set.spec, minReadySeconds } as typeof set.spec,
          },
          { fieldManager },
        ),
      );
    }
    await this.#noteRevision(revisionOf(this.#newSet as ReplicaSet));
    if (hasDeadline(this.#deployment) && !find(this.#conditions, "Progressing")) {
      this.#put("True", "FoundNewReplicaSet", `Found new replica set ${JSON.stringify(set.metadata.name)}`);
    }
  }

  async #noteRevision(revision: number): Promise<void> {
    if (revisionOf(this.#deployment) === revision) return;
    const body = { metadata: { annotations: { [revisionAnnotation]: String(revision) } } };
    const patched = await this.#context.client.patch(
      Deployment,
      keyOf(this.#deployment),
      { type: "merge", body },
      // Written beside the status, it is no change of what is asked for.
      { fieldManager, subresource: "status" },
    );
    // What was decided here is about the generation that was read.
    const { resourceVersion, annotations } = patched.metadata;
    const metadata = { ...this.#deployment.metadata, resourceVersion, annotations };
    if (patched.metadata.generation === this.#deployment.metadata.generation) {
      this.#deployment = { ...this.#deployment, metadata: metadata as Deployment["metadata"] };
    }
  }

  async #createNewSet(): Promise<ReplicaSet | undefined> {
    const deployment = this.#deployment;
    const { spec, metadata } = deployment;
    if (!spec) return undefined;
    const hash = templateHash(spec.template, this.#collisionCount);
    const labels = { ...spec.template.metadata?.labels, [hashLabel]: hash };
    const revision = highestRevision(this.#sets) + 1;
    const name = `${metadata.name.slice(0, 253 - hash.length - 1)}-${hash}`;
    const replicas = newSetReplicas(deployment, this.#sets, 0);
    const wanted: ReplicaSet = {
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: {
        name,
        ...(metadata.namespace && { namespace: metadata.namespace }),
        labels,
        annotations: newSetAnnotations(deployment, undefined, revision),
        ownerReferences: [controllerReference(Deployment, deployment)],
      },
      spec: {
        replicas,
        minReadySeconds: spec.minReadySeconds ?? 0,
        selector: { ...spec.selector, matchLabels: { ...spec.selector.matchLabels, [hashLabel]: hash } },
        template: {
          ...spec.template,
          metadata: { ...spec.template.metadata, labels } as typeof spec.template.metadata,
        },
      },
    };
    const created = await this.#tryCreate(wanted, replicas);
    if (!created) return undefined;
    this.#sets.push(created);
    this.#newSet = created;
    await this.#noteRevision(revision);
    if (hasDeadline(deployment)) {
      this.#put("True", "NewReplicaSetCreated", `Created new replica set ${JSON.stringify(created.metadata.name)}`);
    }
    return created;
  }

  async #tryCreate(wanted: ReplicaSet, replicas: number): Promise<ReplicaSet | undefined> {
    const { client, events } = this.#context;
    const { name } = wanted.metadata;
    try {
      const created = await client.create(ReplicaSet, wanted, { fieldManager });
      if (replicas > 0) this.#tell(`Scaled up replica set ${name} from 0 to ${replicas}`);
      return created;
    } catch (error) {
      if (isNamespaceTerminating(error)) throw error;
      if (isAlreadyExists(error)) return this.#resolveCollision(wanted);
      const reason = error instanceof Error ? error.message : String(error);
      const message = `Failed to create new replica set ${JSON.stringify(name)}: ${reason}`;
      events.record(this.#deployment, { type: "Warning", reason: "ReplicaSetCreateError", message });
      if (hasDeadline(this.#deployment)) {
        this.#put("False", "ReplicaSetCreateError", message);
        await this.#writeStatus(false);
      }
      throw error;
    }
  }

  /** The name is taken: by our own ReplicaSet that the cache has not shown yet, or by another template with the same hash. */
  async #resolveCollision(wanted: ReplicaSet): Promise<ReplicaSet | undefined> {
    const { client } = this.#context;
    const existing = await client.find(ReplicaSet, keyOf(wanted));
    const ours = existing && controllerOf(existing)?.uid === this.#deployment.metadata.uid;
    if (existing && ours && findNewSet(this.#deployment, [existing])) return existing;
    this.#collisionCount = (this.#collisionCount ?? 0) + 1;
    await this.#writeStatus(false);
    return undefined;
  }

  /** Scales without rolling: one active ReplicaSet follows, several share by proportion. */
  async #scale(): Promise<void> {
    const deployment = this.#deployment;
    const desired = replicasOf(deployment);
    const active = this.#sets.filter((set) => replicasOf(set) > 0);
    const latest = this.#newSet ?? [...this.#sets].sort((a, b) => revisionOf(b) - revisionOf(a))[0];
    const only = active.length > 1 ? undefined : (active[0] ?? latest);
    if (only) {
      if (replicasOf(only) !== desired) await this.#resize(only, desired);
      // The desired count in the annotations tells that this scaling has been seen to.
      else await this.#annotateSizes(only);
      return;
    }
    if (active.length === 0) return;
    if (this.#newSet && isSaturated(deployment, this.#newSet)) {
      for (const set of this.#oldSets) if (replicasOf(set) > 0) await this.#resize(set, 0);
    } else if (isRolling(deployment)) {
      for (const { set, replicas } of proportionalSizes(deployment, active)) {
        if (replicasOf(set) === replicas) await this.#annotateSizes(set);
        else await this.#resize(set, replicas);
      }
    }
  }

  async #annotateSizes(set: ReplicaSet): Promise<void> {
    const annotations = sizeAnnotations(this.#deployment);
    if (Object.entries(annotations).every(([key, value]) => set.metadata.annotations?.[key] === value)) return;
    const metadata = { ...set.metadata, annotations: { ...set.metadata.annotations, ...annotations } };
    this.#replace(await this.#context.client.update(ReplicaSet, { ...set, metadata }, { fieldManager }));
  }

  async #resize(set: ReplicaSet, replicas: number): Promise<void> {
    const before = replicasOf(set);
    if (before === replicas) return;
    const annotations = { ...set.metadata.annotations, ...sizeAnnotations(this.#deployment) };
    const wanted = {
      ...set,
      metadata: { ...set.metadata, annotations },
      spec: { ...set.spec, replicas } as typeof set.spec,
    };
    this.#replace(await this.#context.client.update(ReplicaSet, wanted, { fieldManager }));
    const direction = before < replicas ? "up" : "down";
    this.#tell(`Scaled ${direction} replica set ${set.metadata.name} from ${before} to ${replicas}`);
  }

  #replace(updated: ReplicaSet): void {
    this.#sets = this.#sets.map((set) => (set.metadata.uid === updated.metadata.uid ? updated : set));
    if (this.#newSet?.metadata.uid === updated.metadata.uid) this.#newSet = updated;
  }

  #tell(message: string): void {
    this.#context.events.record(this.#deployment, { type: "Normal", reason: "ScalingReplicaSet", message });
  }

  /** Deletes the oldest old ReplicaSets beyond revisionHistoryLimit, as far as they are empty. */
  async #cleanUp(): Promise<void> {
    const limit = this.#deployment.spec?.revisionHistoryLimit;
    if (limit === undefined || limit === 2_147_483_647) return;
    const old = this.#oldSets
      .filter((set) => !set.metadata.deletionTimestamp)
      .sort((a, b) => revisionOf(a) - revisionOf(b));
    for (const set of old.slice(0, Math.max(0, old.length - limit))) {
      const { status, metadata } = set;
      const settled = (metadata.generation ?? 0) <= (status?.observedGeneration ?? 0);
      if ((status?.replicas ?? 0) !== 0 || replicasOf(set) !== 0 || !settled) continue;
      await deleteExactly(this.#context.client, ReplicaSet, set, "Background");
    }
  }

  async #writeStatus(judgesProgress: boolean): Promise<undefined> {
    const { client, clock } = this.#context;
    const now = clock.now();
    const base = statusOf(this.#deployment, this.#sets, this.#newSet, this.#conditions, this.#collisionCount, now);
    const status = judgesProgress ? withProgress(this.#deployment, base, this.#newSet, this.#sets, now) : base;
    this.#deployment = await writeStatus(client, Deployment, this.#deployment, status);
    this.#conditions = status.conditions ?? [];
    return undefined;
  }
}

function isSaturated(deployment: Deployment, set: ReplicaSet): boolean {
  const desired = replicasOf(deployment);
  return (
    replicasOf(set) === desired &&
    Number(set.metadata.annotations?.[desiredAnnotation]) === desired &&
    (set.status?.availableReplicas ?? 0) === desired
  );
}
