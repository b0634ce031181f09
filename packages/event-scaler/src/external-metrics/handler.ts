import { parseSelector, Quantity, SelectorError, timestamp } from "@bellows/api";
import type { Clock } from "@bellows/kube";
import type { MetricValue } from "@bellows/triggers";
import { ownerLabel } from "../engine/annotations.ts";
import type { MetricValues } from "../event-scaler.ts";
import { apiGroup, discovery, group, groupVersion, resourceList, root } from "./discovery.ts";
import { badRequest, failure, methodNotAllowed, notFound } from "./status.ts";

/** A request to the aggregated API: what remains of it once access has been decided. */
export interface ExternalMetricsRequest {
  /** Default: GET. */
  readonly method?: string;
  /** Percent-encoded, without the query. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

export interface ExternalMetricsResponse {
  readonly status: number;
  readonly body: unknown;
  /** Default: that of JSON. */
  readonly contentType?: string;
}

export type ExternalMetricsHandler = (request: ExternalMetricsRequest) => Promise<ExternalMetricsResponse>;

export interface ExternalMetricsOptions {
  readonly metricValues: MetricValues;
  /** Names of the metrics there are, for discovery; repeats are listed once. */
  readonly metricNames: () => Iterable<string>;
  readonly clock: Clock;
  /** Who else is asked for metrics of no ScaledObject; undefined answers where there is nobody. */
  readonly forward?: (request: ExternalMetricsRequest) => Promise<ExternalMetricsResponse | undefined>;
}

/**
 * Answers `external.metrics.k8s.io/v1beta1`: discovery that lists the metrics, and the values of one metric of the
 * ScaledObject that the label selector names.
 */
export function externalMetricsHandler(options: ExternalMetricsOptions): ExternalMetricsHandler {
  return async (request) => {
    const { path, method = "GET", query = {} } = request;
    if (path === "/apis") return discovery(request.headers?.["accept"] ?? "", await namesOf(options, request));
    if (path === root) return { status: 200, body: resourceList(await namesOf(options, request)) };
    if (path === `/apis/${group}`) return { status: 200, body: apiGroup };
    const asked = askedMetric(path);
    if (!asked) return notFound();
    if (method !== "GET") return methodNotAllowed();
    return readMetric(options, request, asked, query.labelSelector ?? "");
  };
}

export interface Asked {
  readonly namespace: string;
  readonly metric: string;
}

async function readMetric(
  options: ExternalMetricsOptions,
  request: ExternalMetricsRequest,
  { namespace, metric }: Asked,
  labelSelector: string,
): Promise<ExternalMetricsResponse> {
  let name: string | undefined;
  try {
    name = ownerOf(labelSelector);
  } catch (error) {
    if (error instanceof SelectorError) return badRequest(error.message);
    return (await forwarded(options, request)) ?? failure((error as Error).message);
  }
  if (!name) return (await forwarded(options, request)) ?? failure("scaledObject name is not specified");
  try {
    const values = await options.metricValues(namespace, name, metric);
    return { status: 200, body: listOf(values, timestamp(options.clock.now())) };
  } catch (error) {
    return failure(`rpc error: code = Unknown desc = error when getting metric values ${(error as Error).message}`);
  }
}

async function forwarded(
  { forward }: ExternalMetricsOptions,
  request: ExternalMetricsRequest,
): Promise<ExternalMetricsResponse | undefined> {
  try {
    return await forward?.(request);
  } catch (error) {
    return failure(`asking the adapter that was registered before: ${(error as Error).message}`);
  }
}

/** As upstream, only equality may be asked for: a selector is read as a set of labels. */
function ownerOf(labelSelector: string): string | undefined {
  // What every HPA of a ScaledObject sends.
  const usual = /^scaledobject\.keda\.sh\/name=([a-zA-Z0-9](?:[-a-zA-Z0-9_.]{0,61}[a-zA-Z0-9])?)$/.exec(labelSelector);
  if (usual) return usual[1];
  if (labelSelector === "") return undefined;
  parseSelector(labelSelector);
  let owner: string | undefined;
  for (const part of labelSelector.split(",")) {
    const [key = "", value, ...more] = part.split("=");
    if (value === undefined || more.length > 0) throw new Error(`invalid selector: [${part.split("=").join(" ")}]`);
    if (key.trim() === ownerLabel) owner = value.trim();
  }
  return owner;
}

const listOf = (values: readonly MetricValue[], now: string) => ({
  kind: "ExternalMetricValueList",
  apiVersion: groupVersion,
  metadata: {},
  items: values.map(({ metricName, value }) => ({
    metricName,
    metricLabels: null,
    timestamp: now,
    value: Quantity.ofMilli(Math.trunc(value * 1000)).toString(),
  })),
});

/** The metric that a path names. */
export function askedMetric(path: string): Asked | undefined {
  const [namespaces, namespace, metric, ...more] = path.slice(root.length + 1).split("/");
  if (!path.startsWith(`${root}/`) || namespaces !== "namespaces" || !namespace || !metric || more.length > 0) {
    return undefined;
  }
  try {
    return { namespace: decodeURIComponent(namespace), metric: decodeURIComponent(metric) };
  } catch {
    return undefined;
  }
}

/** What upstream lists in place of the metrics since it no longer reads them for discovery. */
const placeholder = "externalmetrics";

/** The names of all metrics, ours and the former adapter's. */
async function namesOf(options: ExternalMetricsOptions, request: ExternalMetricsRequest): Promise<readonly string[]> {
  const names = new Set(options.metricNames());
  for (const name of await forwardedNames(options, request)) names.add(name);
  if (names.size === 0) names.add(placeholder);
  return [...names].sort();
}

/** Discovery must answer whatever becomes of the other adapter. */
async function forwardedNames(options: ExternalMetricsOptions, request: ExternalMetricsRequest): Promise<string[]> {
  const answer = await forwarded(options, { ...request, path: root });
  const list = answer?.status === 200 ? (answer.body as { resources?: { name?: string }[] }).resources : undefined;
  return (list ?? []).flatMap(({ name }) => (name ? [name] : []));
}
