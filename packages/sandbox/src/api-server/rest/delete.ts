import { timestamp } from "@bellows/kube";
import { type ApiObject, storeKey, withMetadata } from "../api-object.ts";
import type { Query } from "../api-request.ts";
import type { ServedResource } from "../resource.ts";
import { strategyContext } from "../server-parts.ts";
import { badRequest, conflict, type FieldError, invalid, type Status } from "../status-error.ts";
import { integerParameter } from "./list-options.ts";
import { existing, fromStored, list, type ObjectList } from "./read.ts";
import type { RequestScope } from "./request-scope.ts";

/** meta/v1 DeleteOptions. */
export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: "Orphan" | "Background" | "Foreground";
  readonly orphanDependents?: boolean;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly dryRun?: readonly string[];
}

/** From the body; the query only counts where there is none. */
export function deleteOptions({ request: { body, query, unreadable } }: RequestScope): DeleteOptions {
  if (unreadable) throw badRequest(unreadable.problem);
  const options = body === undefined ? queryOptions(query) : bodyOptions(body);
  validate(options);
  return options;
}

function queryOptions(query: Query): DeleteOptions {
  const gracePeriodSeconds = integerParameter(query, "gracePeriodSeconds");
  const propagationPolicy = query.get("propagationPolicy") as DeleteOptions["propagationPolicy"];
  const dryRun = query.all("dryRun").filter((value) => value !== "");
  return {
    ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
    ...(propagationPolicy && { propagationPolicy }),
    ...(query.get("orphanDependents") !== undefined && { orphanDependents: query.flag("orphanDependents") }),
    ...(dryRun.length > 0 && { dryRun }),
  };
}

const optionTypes: Readonly<Record<string, readonly [type: string, goType: string]>> = {
  gracePeriodSeconds: ["number", "int64"],
  propagationPolicy: ["string", "v1.DeletionPropagation"],
  orphanDependents: ["boolean", "bool"],
  preconditions: ["object", "v1.Preconditions"],
};

function bodyOptions(body: unknown): DeleteOptions {
  if (typeof body !== "object" || body === null) return {};
  const { kind, apiVersion = "v1", ...fields } = body as { kind?: string; apiVersion?: string };
  if (kind !== undefined && kind !== "DeleteOptions")
    throw badRequest(
      `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme "pkg/runtime/scheme.go:111"`,
    );
  for (const [field, value] of Object.entries(fields)) {
    const [type, goType] = optionTypes[field] ?? [];
    if (type === undefined || value === null || typeof value === type) continue;
    const given = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
    throw badRequest(`json: cannot unmarshal ${given} into Go struct field DeleteOptions.${field} of type ${goType}`);
  }
  return fields as DeleteOptions;
}

const policies = ["Foreground", "Background", "Orphan"];

function validate(options: DeleteOptions): void {
  const errors: FieldError[] = [];
  if (options.propagationPolicy !== undefined && options.orphanDependents !== undefined)
    errors.push({
      reason: "FieldValueInvalid",
      field: "propagationPolicy",
      message: `Invalid value: ${JSON.stringify(options.propagationPolicy)}: orphanDependents and deletionPropagation cannot be both set`,
    });
  if (options.propagationPolicy !== undefined && !policies.includes(options.propagationPolicy))
    errors.push({
      reason: "FieldValueNotSupported",
      field: "propagationPolicy",
      message: `Unsupported value: ${JSON.stringify(options.propagationPolicy)}: supported values: "Foreground", "Background", "Orphan", "nil"`,
    });
  for (const value of options.dryRun ?? []) {
    if (value !== "All")
      errors.push({
        reason: "FieldValueNotSupported",
        field: "dryRun",
        message: `Unsupported value: ${JSON.stringify(value)}: supported values: "All"`,
      });
  }
  if (errors.length > 0) throw invalid("meta.k8s.io", "DeleteOptions", "", errors);
}

/** The outcome of a deletion: gone at once, or still there with its deletion marked. */
export interface Deletion {
  readonly gone: boolean;
  readonly object: ApiObject;
}

export async function deleteObject(scope: RequestScope): Promise<Deletion> {
  const { resource, namespace, name } = scope;
  const options = deleteOptions(scope);
  const stored = existing(resource, namespace, name as string);
  checkPreconditions(resource, stored, options);
  const asSeen = await fromStored(resource, stored);
  await scope.parts.admission.mutate(scope, "DELETE", undefined, asSeen);
  await scope.parts.admission.validate(scope, "DELETE", undefined, asSeen);
  const current = existing(resource, namespace, name as string);
  if (current !== stored) checkPreconditions(resource, current, options);
  const { gone, object } = deleteStored(scope, current, options);
  return { gone, object: await fromStored(resource, object) };
}

function checkPreconditions(resource: ServedResource, stored: ApiObject, { preconditions }: DeleteOptions): void {
  const { uid, resourceVersion, name } = stored.metadata;
  if (preconditions?.uid !== undefined && preconditions.uid !== uid)
    throw conflict(
      { group: resource.group, resource: resource.kind },
      name,
      `the UID in the precondition (${preconditions.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
    );
  if (preconditions?.resourceVersion !== undefined && preconditions.resourceVersion !== resourceVersion)
    throw conflict(
      { group: resource.group, resource: resource.kind },
      name,
      `the ResourceVersion in the precondition (${preconditions.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`,
    );
}

/** Marks or removes an object, which is given back as it is stored: its grace period, its finalizers, and what is to happen to its dependents. */
export function deleteStored(scope: RequestScope, stored: ApiObject, options: DeleteOptions): Deletion {
  const { resource, parts } = scope;
  const { collection, strategy } = resource;
  const now = parts.clock.now();
  const dryRun = (options.dryRun?.length ?? 0) > 0;
  const { metadata } = stored;
  const doomed = metadata.deletionTimestamp ? stored : (strategy.beginDeletion?.(stored, timestamp(now)) ?? stored);
  const finalizers = deletionFinalizers(scope, doomed, options);
  const finalizersChanged = finalizers.join() !== (metadata.finalizers ?? []).join();
  const requested =
    options.gracePeriodSeconds === undefined || options.gracePeriodSeconds >= 0 ? options.gracePeriodSeconds : 1;
  let marked: Partial<ApiObject["metadata"]> | undefined;
  let waits = finalizers.length > 0 || hasSpecFinalizers(stored);
  if (metadata.deletionTimestamp) {
    const period = metadata.deletionGracePeriodSeconds ?? 0;
    if (period > 0 && requested !== undefined && requested < period) {
      const asked = Date.parse(metadata.deletionTimestamp) + (requested - period) * 1000;
      // A time that is over is now, and leaves the shortest of periods to end gracefully.
      const left = asked < now && requested > 0 ? 1 : requested;
      marked = { deletionTimestamp: timestamp(Math.max(asked, now)), deletionGracePeriodSeconds: left };
      waits ||= requested > 0;
    } else if (period > 0) waits = true;
  } else {
    const period = strategy.gracePeriodSeconds?.(stored, requested) ?? 0;
    waits ||= period > 0;
    marked = {
      deletionTimestamp: timestamp(now + period * 1000),
      ...(!strategy.beginDeletion && { deletionGracePeriodSeconds: period }),
      ...(metadata.generation && (waits || strategy.gracePeriodSeconds) && { generation: metadata.generation + 1 }),
    };
  }
  const key = storeKey(metadata.namespace, metadata.name);
  if (waits) {
    if (!marked && !finalizersChanged) return { gone: false, object: stored };
    const next = withMetadata(doomed, {
      ...marked,
      ...(finalizersChanged && { finalizers: finalizers.length > 0 ? finalizers : undefined }),
    } as Partial<ApiObject["metadata"]>);
    return { gone: false, object: dryRun ? next : collection.replace(key, next) };
  }
  if (dryRun)
    return { gone: true, object: strategy.gracePeriodSeconds && marked ? withMetadata(stored, marked) : stored };
  // Who watches sees that a Pod's time is over, and then that it is gone.
  if (strategy.gracePeriodSeconds && marked) collection.replace(key, withMetadata(stored, marked));
  const object = collection.remove(key);
  strategy.afterDelete?.(object, strategyContext(parts, scope.request.user, false));
  return { gone: true, object };
}

const isNamespace = ({ kind, apiVersion }: ApiObject): boolean => kind === "Namespace" && apiVersion === "v1";

const hasSpecFinalizers = (object: ApiObject): boolean =>
  isNamespace(object) && ((object.spec as { finalizers?: unknown[] } | undefined)?.finalizers?.length ?? 0) > 0;

const podsAreLeft =
  "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning";

/** The finalizers for the garbage collector that a propagation policy asks for. */
function deletionFinalizers(scope: RequestScope, stored: ApiObject, options: DeleteOptions): string[] {
  const current = stored.metadata.finalizers ?? [];
  const policy =
    options.propagationPolicy ??
    (options.orphanDependents === undefined ? undefined : options.orphanDependents ? "Orphan" : "Background");
  if (policy === undefined) {
    // A deletion without a policy keeps what is there; else the kind's default applies.
    if (current.includes("orphan") || current.includes("foregroundDeletion")) return [...current];
    if (scope.resource.plural === "jobs") scope.warnings.push(podsAreLeft);
    return scope.resource.strategy.orphansByDefault ? [...current, "orphan"] : [...current];
  }
  const kept = current.filter((finalizer) => finalizer !== "orphan" && finalizer !== "foregroundDeletion");
  if (policy === "Orphan") return [...kept, "orphan"];
  if (policy === "Foreground") return [...kept, "foregroundDeletion"];
  return kept;
}

/** What a deletion that is done answers, where the object itself is not given back. */
export const deletedStatus = (resource: ServedResource, { metadata }: ApiObject): Omit<Status, "code"> => ({
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Success",
  details: {
    name: metadata.name,
    ...(resource.group && { group: resource.group }),
    kind: resource.plural,
    ...(metadata.uid && { uid: metadata.uid }),
  },
});

export async function deleteCollection(scope: RequestScope): Promise<ObjectList> {
  const { resource, parts } = scope;
  const options = deleteOptions(scope);
  const selected = await list(scope);
  for (const { metadata } of selected.items) {
    const stored = resource.collection.get(storeKey(metadata.namespace, metadata.name));
    if (!stored) continue;
    checkPreconditions(resource, stored, options);
    await parts.admission.validate(scope, "DELETE", undefined, await fromStored(resource, stored));
    deleteStored(scope, stored, options);
  }
  // What was selected is answered, as it was.
  return selected;
}
