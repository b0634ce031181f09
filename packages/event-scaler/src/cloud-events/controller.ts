import { CloudEventSource, ClusterCloudEventSource, type Kind, specProblem } from "@bellows/api";
import { type Controller, type ControllerContext, controller, keyText, self } from "@bellows/kube";
import { validateCloudEventSource } from "../admission/cloud-event-source.ts";
import { type Http, httpClient } from "../http-client.ts";
import type { CloudEventMetrics, EventScalerMetrics, ResourceType } from "../metrics.ts";
import { ensureFinalizer, hasFinalizer, removeFinalizer } from "../object/finalizer.ts";
import { updateStatus } from "../object/status.ts";
import type { CloudEventEmitter } from "./emitter.ts";
import { Sender } from "./sender.ts";

export interface CloudEventOptions {
  /** As events give it where the source doesn't (--k8s-cluster-name); default `kubernetes-default`. */
  readonly clusterName?: string;
  /** The namespace of KEDA itself, as events give it; default `keda`. */
  readonly kedaNamespace?: string;
  /** How destinations are reached; default: by HTTP. */
  readonly http?: Http;
}

interface Parts extends CloudEventOptions {
  readonly emitter: CloudEventEmitter;
  readonly metrics: EventScalerMetrics | undefined;
  readonly cloudEventMetrics: CloudEventMetrics | undefined;
}

const timeoutMs = 10_000;
const activeMessage = "Is configured to send events to the configured destination";
const failedMessage = "Failed to send events to the configured destination";

/** Keep the sources of CloudEvents: finalizer, the Active condition, and who is sent to. */
export const cloudEventSourceControllers = (parts: Parts): readonly Controller[] => [
  controllerOf(CloudEventSource, "cloudevent_source", parts),
  // Both have the same spec and status.
  controllerOf(ClusterCloudEventSource as unknown as SourceKind, "cluster_cloudevent_source", parts),
];

type SourceKind = Kind<CloudEventSource> & typeof CloudEventSource;

function controllerOf(kind: SourceKind, resource: ResourceType, parts: Parts): Controller {
  const { emitter, metrics } = parts;
  /** By key, what is sent to now: a change of it makes another sender. */
  const generations = new Map<string, string>();
  return controller({
    name: kind.kind.toLowerCase(),
    watches: [self(kind)],
    async reconcile(key, context) {
      const id = keyText(key);
      const found = context.cache.get(kind, key);
      if (!found || found.metadata.deletionTimestamp) {
        emitter.delete(key);
        if (generations.delete(id)) metrics?.countResource(resource, key.namespace ?? "", -1);
        if (found && hasFinalizer(found)) await removeFinalizer(context.client, kind, found);
        return;
      }
      const source = await ensureFinalizer(context.client, kind, found);
      if (!generations.has(id)) metrics?.countResource(resource, key.namespace ?? "", 1);
      const generation = `${source.metadata.uid}/${source.metadata.generation}`;
      const problem = specProblem(kind, source) ?? subscriptionProblem(source) ?? destinationProblem(source);
      if (problem !== undefined) emitter.delete(key);
      else if (generations.get(id) !== generation) {
        emitter.set(key, { spec: found.spec, sender: senderOf(kind, source, parts, context) });
      }
      generations.set(id, generation);
      await conclude(kind, source, problem ?? emitter.get(key)?.sender.problem, context);
    },
  });
}

/** What the webhook, where it was installed, would have refused. */
const subscriptionProblem = ({ spec }: CloudEventSource): string | undefined =>
  validateCloudEventSource(spec)
    .problems.map(({ field, message }) => `${field}: ${message}`)
    .join("; ") || undefined;

/** Where events can't be sent, in terms of the spec. */
function destinationProblem({ spec }: CloudEventSource): string | undefined {
  const { http, azureEventGridTopic } = spec?.destination ?? {};
  if (!http) {
    return azureEventGridTopic
      ? "spec.destination.azureEventGridTopic: is not served by this version, expected spec.destination.http"
      : "spec.destination: nothing, expected http";
  }
  const url = URL.canParse(http.uri) ? new URL(http.uri) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return undefined;
  return `spec.destination.http.uri: ${JSON.stringify(http.uri.slice(0, 100))}, expected an http or https URL`;
}

function senderOf(kind: SourceKind, source: CloudEventSource, parts: Parts, context: ControllerContext): Sender {
  const { spec, metadata } = source;
  const { clusterName = "kubernetes-default", kedaNamespace = "keda", cloudEventMetrics } = parts;
  const { namespace, name } = metadata;
  return new Sender(
    {
      source: name,
      uri: spec?.destination.http?.uri ?? "",
      origin: { clusterName: spec?.clusterName || clusterName, kedaNamespace },
      http: parts.http ?? httpClient(kind.kind, context.clock, timeoutMs),
      metrics: cloudEventMetrics,
      changed: () => context.enqueue(namespace ? { namespace, name } : { name }),
    },
    context,
  );
}

async function conclude(
  kind: SourceKind,
  source: CloudEventSource,
  problem: string | undefined,
  { client, events }: ControllerContext,
): Promise<void> {
  const condition =
    problem === undefined
      ? { type: "Active", status: "True", reason: "CloudEventSourceActive", message: activeMessage }
      : { type: "Active", status: "False", reason: "CloudEventSourceFailed", message: `${failedMessage}: ${problem}` };
  const before = source.status?.conditions?.find(({ type }) => type === "Active");
  if (problem !== undefined && before?.message !== condition.message) {
    events.record(source, { type: "Warning", reason: condition.reason, message: condition.message });
  }
  await updateStatus(client, kind, source, (status) => ({ ...status, conditions: [condition] }));
}
