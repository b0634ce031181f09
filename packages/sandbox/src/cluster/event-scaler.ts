import type { APIService, ValidatingWebhookConfiguration } from "@bellows/api";
import {
  admissionHandler,
  createEventScaler,
  createResolveAccess,
  type EventScaler,
  type EventScalerOptions,
  externalMetricsHandler,
  reviewedKinds,
  WebhookMetrics,
  webhookConfiguration,
} from "@bellows/event-scaler";
import {
  type Client,
  type Clock,
  createEventRecorder,
  type InformerCache,
  type Logger,
  type Metrics,
  type ObjectKey,
  type Random,
} from "@bellows/kube";
import { type ApiRequest, ok } from "../api-server/api-request.ts";
import type { ApiServer } from "../api-server/index.ts";

/** The Service that the external metrics API is registered under. */
const service = { namespace: "kube-system", name: "bellows-event-scaler" } as const;

/** What registers the API, as KEDA's manifests do. */
export const externalMetricsApiService: APIService = {
  apiVersion: "apiregistration.k8s.io/v1",
  kind: "APIService",
  metadata: { name: "v1beta1.external.metrics.k8s.io", labels: { "app.kubernetes.io/name": service.name } },
  spec: {
    group: "external.metrics.k8s.io",
    version: "v1beta1",
    groupPriorityMinimum: 100,
    versionPriority: 100,
    insecureSkipTLSVerify: true,
    service: { ...service, port: 443 },
  },
};

/** What registers KEDA's webhooks. They are asked within this process, so that no certificate is to be trusted. */
export const admissionWebhooks: ValidatingWebhookConfiguration = webhookConfiguration({ service, caBundle: "" });

/** The event scaler of a world; the API server asks it for external metrics and reviews within this process. */
export function eventScalerOn(
  server: ApiServer,
  seams: {
    readonly client: Client;
    readonly cache: InformerCache;
    readonly clock: Clock;
    readonly random: Random;
    readonly log: Logger;
    readonly metrics: Metrics;
    /** Of the HPA controller, where the world has it. */
    readonly wakeAutoscaler?: (hpa: ObjectKey) => void;
  } & Pick<EventScalerOptions, "openTrigger" | "engine" | "cloudEvents">,
): EventScaler {
  const scaler = createEventScaler({ resolveAccess: createResolveAccess(seams), registry: seams.metrics, ...seams });
  const handle = externalMetricsHandler({ ...scaler, clock: seams.clock });
  server.serveApiService(service, async ({ method, path, query }: ApiRequest) => {
    const labelSelector = query.get("labelSelector");
    const encoded = path.split("/").map(encodeURIComponent).join("/");
    const { status, body } = await handle({ method, path: encoded, query: { labelSelector } });
    return ok(body, status);
  });
  for (const kind of reviewedKinds) seams.cache.informer(kind);
  const review = admissionHandler({
    cache: seams.cache,
    events: createEventRecorder({ ...seams, component: "keda-admission" }),
    resourceOf: (apiVersion, kind) => seams.client.resourceOf(apiVersion, kind),
    metrics: new WebhookMetrics(seams.metrics),
  });
  server.serveWebhooks(service, async (path, body) => {
    const answer = await review({ path, body });
    if (answer.status !== 200) throw new Error(String(answer.body));
    return answer.body;
  });
  return scaler;
}
