import {
  type AuthenticationRef,
  ClusterTriggerAuthentication,
  isWellFormed,
  type Kind,
  ScaledJob,
  ScaledObject,
  specProblem,
  TriggerAuthentication,
} from "@bellows/api";
import {
  type Controller,
  type ControllerContext,
  controller,
  keyOf,
  keyText,
  mapped,
  type ObjectKey,
  self,
} from "@bellows/kube";
import { validateTriggerAuthentication } from "../admission/trigger-authentication.ts";
import type { EventScalerMetrics, ResourceType } from "../metrics.ts";
import { ensureFinalizer, hasFinalizer, removeFinalizer } from "../object/finalizer.ts";
import type { Scalable } from "../scaling.ts";

/** Keeps TriggerAuthentications: finalizer, status (who uses it), Events. */
export const triggerAuthenticationController = (metrics?: EventScalerMetrics): Controller =>
  controllerOf(TriggerAuthentication, "trigger_authentication", metrics);

/** Keeps ClusterTriggerAuthentications: finalizer, status (who uses it), Events. */
export const clusterTriggerAuthenticationController = (metrics?: EventScalerMetrics): Controller =>
  // Both have the same spec and status.
  controllerOf(
    ClusterTriggerAuthentication as unknown as AuthenticationKind,
    "cluster_trigger_authentication",
    metrics,
  );

type AuthenticationKind = Kind<TriggerAuthentication> & typeof TriggerAuthentication;

/**
 * Who uses an authentication is found from the objects that refer to it. Upstream adds a name when such an object is
 * reconciled and takes it away with the object only; here it also goes when the reference goes.
 */
function controllerOf(
  kind: AuthenticationKind,
  resource: ResourceType,
  metrics: EventScalerMetrics | undefined,
): Controller {
  const generations = new Map<string, string>();
  /** What was last said to be wrong, by key. */
  const problems = new Map<string, string>();
  const referring = <T extends Scalable>(scalable: Kind<T>) =>
    mapped(scalable, (object) => referencesOf(scalable, object, kind));
  return controller({
    name: kind.kind.toLowerCase(),
    watches: [self(kind), referring(ScaledObject), referring(ScaledJob)],
    async reconcile(key, context) {
      const found = context.cache.get(kind, key);
      if (!found) {
        problems.delete(keyText(key));
        if (generations.delete(keyText(key))) metrics?.countResource(resource, key.namespace ?? "", -1);
        return;
      }
      if (found.metadata.deletionTimestamp) return finalize(kind, found, context);
      reportProblem(kind, found, problems, context);
      const authentication = await ensureFinalizer(context.client, kind, found);
      if (!generations.has(keyText(key))) metrics?.countResource(resource, key.namespace ?? "", 1);
      announce(kind, found, generations, context);
      await writeUsers(kind, authentication, context);
    },
  });
}

/** The authentications of a kind that the triggers of an object refer to. */
function referencesOf<T extends Scalable>(
  scalable: Kind<T>,
  object: T,
  kind: AuthenticationKind,
): readonly ObjectKey[] {
  const { namespace } = object.metadata;
  // What can't be read refers to nothing that anybody knows.
  if (!isWellFormed(scalable, object)) return [];
  const refs = object.spec?.triggers.flatMap(({ authenticationRef }) => authenticationRef ?? []) ?? [];
  const names = new Set(refs.filter((ref) => refersTo(ref, kind)).map(({ name }) => name));
  return [...names].map((name) => (kind.scope === "Cluster" || !namespace ? { name } : { namespace, name }));
}

const refersTo = ({ kind = "TriggerAuthentication" }: AuthenticationRef, { kind: wanted }: AuthenticationKind) =>
  kind === wanted;

/** The kind has no conditions: what is wrong is an Event, and what its users' triggers say. */
function reportProblem(
  kind: AuthenticationKind,
  found: TriggerAuthentication,
  known: Map<string, string>,
  { events }: ControllerContext,
): void {
  const malformed = specProblem(kind, found);
  const problems = malformed === undefined ? validateTriggerAuthentication(found.spec).problems : [];
  const message = malformed ?? problems.map((problem) => `${problem.field}: ${problem.message}`).join("; ");
  const id = keyText(keyOf(found));
  if (message !== "" && known.get(id) !== message) {
    events.record(found, { type: "Warning", reason: `${kind.kind}Failed`, message });
  }
  if (message === "") known.delete(id);
  else known.set(id, message);
}

/** One Event for a new authentication and one for each change of it. Upstream says it again whenever it starts. */
function announce(
  { kind }: AuthenticationKind,
  found: TriggerAuthentication,
  generations: Map<string, string>,
  { events }: ControllerContext,
): void {
  const { uid = "", generation = 1, name } = found.metadata;
  const id = keyText(keyOf(found));
  const current = `${uid}/${generation}`;
  const before = generations.get(id);
  if (before === current) return;
  generations.set(id, current);
  // Kept before this process started.
  if (before === undefined && hasFinalizer(found)) return;
  if (generation === 1) {
    events.record(found, { type: "Normal", reason: `${kind}Added`, message: `New ${kind} configured` });
  } else {
    // Of both kinds, as upstream.
    const message = `ClusterTriggerAuthentication ${name} is updated`;
    events.record(found, { type: "Normal", reason: "ClusterTriggerAuthenticationUpdated", message });
  }
}

async function finalize(
  kind: AuthenticationKind,
  authentication: TriggerAuthentication,
  { client, events }: ControllerContext,
): Promise<void> {
  if (!hasFinalizer(authentication)) return;
  await removeFinalizer(client, kind, authentication);
  events.record(authentication, { type: "Normal", reason: `${kind.kind}Deleted`, message: `${kind.kind} was deleted` });
}

async function writeUsers(
  kind: AuthenticationKind,
  authentication: TriggerAuthentication,
  { client, cache }: ControllerContext,
): Promise<void> {
  const { namespace, resourceVersion } = authentication.metadata;
  const before = authentication.status ?? {};
  const id = keyText(keyOf(authentication));
  const usersAmong = <T extends Scalable>(scalable: Kind<T>) =>
    cache
      .list(scalable, namespace)
      .filter(({ metadata }) => !metadata.deletionTimestamp)
      .filter((object) => referencesOf(scalable, object, kind).some((key) => keyText(key) === id))
      .map(({ metadata }) => metadata.name);
  const status = {
    scaledobjects: namesOf(before.scaledobjects, usersAmong(ScaledObject)),
    scaledjobs: namesOf(before.scaledjobs, usersAmong(ScaledJob)),
  };
  if (status.scaledobjects === before.scaledobjects && status.scaledjobs === before.scaledjobs) return;
  const body = { metadata: { resourceVersion }, status };
  await client.patch(kind, keyOf(authentication), { type: "merge", body }, { subresource: "status" });
}

/** The names in the order in which they came, those that are new by their own. Undefined stays so while there is none. */
function namesOf(before: string | undefined, users: readonly string[]): string | undefined {
  const known = before ? before.split(",") : [];
  const names = new Set(users);
  const kept = known.filter((name) => names.has(name));
  const added = [...names].filter((name) => !known.includes(name)).sort();
  const text = [...kept, ...added].join(",");
  return text === "" && before === undefined ? undefined : text;
}
