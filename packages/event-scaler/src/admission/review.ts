import {
  CloudEventSource,
  Deployment,
  HorizontalPodAutoscaler,
  type Kind,
  type KubernetesObject,
  LimitRange,
  type PodSpec,
  ScaledJob,
  ScaledObject,
  StatefulSet,
  specProblem,
  stableJson,
  TriggerAuthentication,
} from "@bellows/api";
import type { Cache, EventRecorder, ResourceInfo } from "@bellows/kube";
import type { WebhookMetrics } from "../metrics.ts";
import { validateCloudEventSource } from "./cloud-event-source.ts";
import { type Findings, noFindings } from "./problem.ts";
import {
  type ScaledObjectSurroundings,
  targetReferenceOf,
  triggerListProblem,
  validateScaledObject,
} from "./scaled-object.ts";
import { validateTriggerAuthentication } from "./trigger-authentication.ts";

/** The part of an AdmissionReview's request that is looked at. */
interface ReviewRequest {
  readonly uid: string;
  readonly operation: string;
  readonly dryRun?: boolean;
  readonly namespace?: string;
  readonly object?: KubernetesObject | null;
  readonly oldObject?: KubernetesObject | null;
}

export interface AdmissionRequest {
  readonly path: string;
  /** An AdmissionReview of admission.k8s.io/v1. */
  readonly body: unknown;
}

export interface AdmissionResponse {
  readonly status: number;
  readonly body: unknown;
}

/** What the webhooks look at; some of it no controller reads. */
export const reviewedKinds: readonly Kind<KubernetesObject>[] = [
  ScaledObject,
  HorizontalPodAutoscaler,
  LimitRange,
  Deployment,
  StatefulSet,
];

export interface AdmissionOptions {
  /** Must have the {@link reviewedKinds}. */
  readonly cache: Cache;
  /** Finds kinds that targets name, as `Client.resourceOf`. */
  readonly resourceOf?: (apiVersion: string, kind: string) => Promise<ResourceInfo | undefined>;
  readonly metrics?: WebhookMetrics;
  /** Records warnings as Events, as upstream does. */
  readonly events?: EventRecorder;
}

type Check = (request: ReviewRequest, options: AdmissionOptions) => Promise<Findings> | Findings;

const checks: Readonly<Record<string, Check>> = {
  "/validate-keda-sh-v1alpha1-scaledobject": checkScaledObject,
  "/validate-keda-sh-v1alpha1-scaledjob": checkScaledJob,
  "/validate-keda-sh-v1alpha1-triggerauthentication": checkAuthentication,
  "/validate-keda-sh-v1alpha1-clustertriggerauthentication": checkAuthentication,
  "/validate-eventing-keda-sh-v1alpha1-cloudeventsource": checkCloudEventSource,
  "/validate-eventing-keda-sh-v1alpha1-clustercloudeventsource": checkCloudEventSource,
};

/** Where the webhooks are served. */
export const admissionPaths: readonly string[] = Object.keys(checks);

/** Answers AdmissionReviews as KEDA's webhooks do. Nothing is ever changed, and deletions are never refused. */
export function admissionHandler(options: AdmissionOptions): (request: AdmissionRequest) => Promise<AdmissionResponse> {
  return async ({ path, body }) => {
    const check = Object.hasOwn(checks, path) ? checks[path] : undefined;
    if (!check) return { status: 404, body: "404 page not found\n" };
    const request = requestOf(body);
    if (!request) return { status: 400, body: "expected an AdmissionReview of admission.k8s.io/v1 with a request\n" };
    const asked = request.operation === "CREATE" || request.operation === "UPDATE";
    const findings = asked && request.object ? await check(request, options) : noFindings;
    return { status: 200, body: reviewOf(request.uid, findings) };
  };
}

function requestOf(body: unknown): ReviewRequest | undefined {
  const { kind, request } = (body ?? {}) as { readonly kind?: unknown; readonly request?: Partial<ReviewRequest> };
  if (kind !== "AdmissionReview" || typeof request?.uid !== "string") return undefined;
  return { ...request, uid: request.uid, operation: request.operation ?? "" };
}

function reviewOf(uid: string, { problems, warnings }: Findings) {
  const allowed = problems.length === 0;
  const message = problems.map((problem) => problem.message).join("\n");
  return {
    kind: "AdmissionReview",
    apiVersion: "admission.k8s.io/v1",
    response: {
      uid,
      allowed,
      status: allowed
        ? { metadata: {}, code: 200 }
        : { metadata: {}, status: "Failure", message, reason: "Forbidden", code: 403 },
      // As upstream, what is refused has no warnings.
      ...(allowed && warnings.length > 0 && { warnings }),
    },
  };
}

const actionOf = ({ operation }: ReviewRequest): "create" | "update" => (operation === "CREATE" ? "create" : "update");

const namespaceOf = ({ object, namespace = "" }: ReviewRequest): string => object?.metadata.namespace ?? namespace;

async function checkScaledObject(request: ReviewRequest, options: AdmissionOptions): Promise<Findings> {
  const scaledObject = request.object as ScaledObject;
  const [action, namespace] = [actionOf(request), namespaceOf(request)];
  if (request.oldObject && isReleased(scaledObject, request.oldObject)) return noFindings;
  options.metrics?.validated(namespace, action);
  const dryRun = request.dryRun ?? false;
  const findings = await whateverForm(ScaledObject, scaledObject, async () =>
    validateScaledObject(scaledObject, await surroundingsOf(scaledObject, namespace, options), { dryRun }),
  );
  for (const { reason } of findings.problems) options.metrics?.refused(namespace, action, reason);
  if (options.events && !dryRun && findings.problems.length === 0) {
    for (const message of findings.warnings) {
      options.events.record(scaledObject, { type: "Normal", reason: "KEDAScalerInfo", message });
    }
  }
  return findings;
}

/**
 * The API server checks objects by their definition first; which may be another release's. What then is not as it should
 * be is said in the words of the kind's own check, where it has some.
 */
async function whateverForm<T extends KubernetesObject & { readonly spec?: unknown }>(
  kind: Kind<T>,
  object: T,
  check: () => Promise<Findings> | Findings,
): Promise<Findings> {
  const message = specProblem(kind, object);
  if (message === undefined) return check();
  const problem = { field: message.slice(0, message.indexOf(":")), message, reason: "malformed" };
  const malformed = { problems: [problem], warnings: [] };
  try {
    const findings = await check();
    return findings.problems.length > 0 ? findings : malformed;
  } catch {
    // It reads the object as its kind has it.
    return malformed;
  }
}

/** A finalizer is taken away and nothing else: whatever is wrong with the object, it must be able to go. */
const isReleased = (object: ScaledObject, old: KubernetesObject): boolean =>
  (object.metadata.finalizers ?? []).length < (old.metadata.finalizers ?? []).length && sameSpec(object, old);

/** For the other kinds upstream asks that the only finalizer goes. */
const isLastReleased = (object: KubernetesObject, old: KubernetesObject): boolean =>
  (object.metadata.finalizers ?? []).length === 0 &&
  (old.metadata.finalizers ?? []).length === 1 &&
  sameSpec(object, old);

const sameSpec = (left: object, right: object): boolean =>
  stableJson((left as { readonly spec?: unknown }).spec) === stableJson((right as { readonly spec?: unknown }).spec);

async function checkScaledJob(request: ReviewRequest, { metrics }: AdmissionOptions): Promise<Findings> {
  const scaledJob = request.object as ScaledJob;
  if (request.oldObject && isLastReleased(scaledJob, request.oldObject)) return noFindings;
  const findings = await whateverForm(ScaledJob, scaledJob, () => {
    const problem = triggerListProblem(scaledJob.spec?.triggers ?? []);
    return problem ? { problems: [problem], warnings: [] } : noFindings;
  });
  // As upstream, under the ScaledObjects' name, and the errors only.
  for (const { reason } of findings.problems) metrics?.refused(namespaceOf(request), actionOf(request), reason);
  return findings;
}

function checkAuthentication({ object, oldObject }: ReviewRequest): Promise<Findings> | Findings {
  const authentication = object as TriggerAuthentication;
  if (oldObject && isLastReleased(authentication, oldObject)) return noFindings;
  // Both kinds have the same spec.
  return whateverForm(TriggerAuthentication, authentication, () => validateTriggerAuthentication(authentication.spec));
}

function checkCloudEventSource({ object, oldObject }: ReviewRequest): Promise<Findings> | Findings {
  const source = object as CloudEventSource;
  if (oldObject && isLastReleased(source, oldObject)) return noFindings;
  return whateverForm(CloudEventSource, source, () => validateCloudEventSource(source.spec));
}

async function surroundingsOf(
  scaledObject: ScaledObject,
  namespace: string,
  { cache, resourceOf }: AdmissionOptions,
): Promise<ScaledObjectSurroundings> {
  const { apiVersion, kind, name } = targetReferenceOf(scaledObject);
  const wellKnown = kind === "Deployment" || kind === "StatefulSet";
  const known = wellKnown || !resourceOf || (await resourceOf(apiVersion, kind)) !== undefined;
  return {
    scaledObjects: cache.list(ScaledObject, namespace),
    hpas: cache.list(HorizontalPodAutoscaler, namespace),
    limitRanges: cache.list(LimitRange, namespace),
    target: targetIn(cache, apiVersion, kind, { namespace, name }),
    unknownKinds: new Set(known ? [] : [`${apiVersion} ${kind}`]),
  };
}

function targetIn(
  cache: Cache,
  apiVersion: string,
  kind: string,
  key: { readonly namespace: string; readonly name: string },
): { readonly podSpec: PodSpec } | { readonly problem: string } | undefined {
  if (apiVersion !== "apps/v1" || (kind !== "Deployment" && kind !== "StatefulSet")) return undefined;
  const found = kind === "Deployment" ? cache.get(Deployment, key) : cache.get(StatefulSet, key);
  const podSpec = found?.spec?.template.spec;
  return podSpec ? { podSpec } : { problem: `${kind}.apps ${JSON.stringify(key.name)} not found` };
}
