import { type Node, Node as NodeKind, parseSelector, Quantity, SelectorError, selectorOf } from "@bellows/api";
import { type Cache, type Clock, type Instant, type Timer, timestamp } from "@bellows/kube";
import type { UsageSource } from "../usage/index.ts";

export interface MetricsServerOptions {
  readonly usage: UsageSource;
  /** Must watch Nodes. */
  readonly cache: Cache;
  readonly clock: Clock;
  /** `--metric-resolution`; default 15 s. */
  readonly scrapeMs?: number;
}

/** A request to the aggregated API: what remains of it once access has been decided. */
export interface MetricsRequest {
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
}

export interface MetricsResponse {
  readonly status: number;
  readonly body: unknown;
}

interface PodSample {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>> | undefined;
  readonly at: Instant;
  readonly windowMs: number;
  readonly containers: readonly { readonly name: string; readonly cpuMillis: number; readonly memoryBytes: number }[];
}

interface NodeSample {
  readonly node: Node;
  readonly at: Instant;
  readonly windowMs: number;
  readonly cpuMillis: number;
  readonly memoryBytes: number;
}

const groupVersion = "metrics.k8s.io/v1beta1";
const defaultScrapeMs = 15_000;
/** A container that is younger has no rate yet (metrics-server `freshContainerMinMetricsResolution`). */
const freshContainerMs = 10_000;
/** The kubelet, the container runtime and the kernel of a node. */
const systemCpuMillis = 22;
const systemMemoryBytes = 420 * 1024 ** 2;

/**
 * The resource metrics API (`metrics.k8s.io/v1beta1`) of the sandbox, as metrics-server serves it: samples of the usage
 * model every 15 s, nothing for pods that have just started, and an error where a node or pod has no sample.
 */
export class MetricsServer {
  readonly #options: MetricsServerOptions;
  readonly #scrapeMs: number;
  /** By namespace/name. */
  #pods = new Map<string, PodSample>();
  #nodes = new Map<string, NodeSample>();
  #timer: Timer | undefined;

  constructor(options: MetricsServerOptions) {
    this.#options = options;
    this.#scrapeMs = options.scrapeMs ?? defaultScrapeMs;
    options.cache.informer(NodeKind);
  }

  start(): void {
    const again = () => {
      this.#timer = this.#options.clock.after(this.#scrapeMs, () => {
        this.scrape();
        again();
      });
    };
    if (!this.#timer) again();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Takes a sample of everything; what is gone since the last one goes. */
  scrape(): void {
    const at = this.#options.clock.now();
    const pods = new Map<string, PodSample>();
    const onNode = new Map<string, { cpuMillis: number; memoryBytes: number }>();
    for (const { pod, containers } of this.#options.usage.current().values()) {
      const node = pod.spec?.nodeName ?? "";
      const total = onNode.get(node) ?? { cpuMillis: 0, memoryBytes: 0 };
      for (const { cpuMillis, memoryBytes } of containers) {
        total.cpuMillis += cpuMillis;
        total.memoryBytes += memoryBytes;
      }
      onNode.set(node, total);
      // One container without a rate, and the pod as a whole is left out.
      const youngestMs = Math.min(...containers.map(({ startedAt }) => at - startedAt));
      if (youngestMs < freshContainerMs) continue;
      const { name, namespace = "default", labels } = pod.metadata;
      pods.set(`${namespace}/${name}`, {
        namespace,
        name,
        labels,
        at,
        windowMs: Math.min(youngestMs, this.#scrapeMs),
        containers,
      });
    }
    const nodes = new Map<string, NodeSample>();
    for (const node of this.#options.cache.list(NodeKind)) {
      if (!isReady(node)) continue;
      const total = onNode.get(node.metadata.name);
      nodes.set(node.metadata.name, {
        node,
        at,
        windowMs: this.#scrapeMs,
        cpuMillis: (total?.cpuMillis ?? 0) + systemCpuMillis,
        memoryBytes: (total?.memoryBytes ?? 0) + systemMemoryBytes,
      });
    }
    this.#pods = pods;
    this.#nodes = nodes;
  }

  /** The latest samples of a namespace's pods (of all, without one) that match, as `PodMetrics`, by name. */
  podMetrics(namespace?: string, labelSelector = ""): readonly object[] {
    const selector = labelSelector ? parseSelector(labelSelector) : selectorOf({});
    return [...this.#pods.values()]
      .filter(
        (sample) =>
          (namespace === undefined || sample.namespace === namespace) && selector.matches(sample.labels ?? {}),
      )
      .sort((a, b) => order(a.namespace, b.namespace) || order(a.name, b.name))
      .map(podMetricsOf);
  }

  nodeMetrics(labelSelector = ""): readonly object[] {
    const selector = labelSelector ? parseSelector(labelSelector) : selectorOf({});
    return [...this.#nodes.values()]
      .filter(({ node }) => selector.matches(node.metadata.labels ?? {}))
      .sort((a, b) => order(a.node.metadata.name, b.node.metadata.name))
      .map(nodeMetricsOf);
  }

  /** Answers a GET below `/apis/metrics.k8s.io`. */
  handle({ path, query = {} }: MetricsRequest): MetricsResponse {
    const parts = path
      .replace(/^\/apis\/metrics\.k8s\.io\/?/, "")
      .split("/")
      .filter(Boolean);
    try {
      if (parts.length === 0) return ok(apiGroup);
      if (parts[0] !== "v1beta1") return notFound("the server could not find the requested resource");
      return this.#resource(parts.slice(1), query.labelSelector, query.fieldSelector);
    } catch (error) {
      if (error instanceof SelectorError)
        return failure(400, "BadRequest", `unable to parse requirement: ${error.message}`);
      throw error;
    }
  }

  #resource(parts: readonly string[], labelSelector = "", fieldSelector = ""): MetricsResponse {
    if (parts.length === 0) return ok(apiResources);
    const [first, second, third, fourth] = parts;
    const named = (items: readonly object[]) =>
      ok(list(first === "nodes" ? "NodeMetricsList" : "PodMetricsList", selectFields(items, fieldSelector)));
    if (first === "nodes" && second === undefined) return named(this.nodeMetrics(labelSelector));
    if (first === "nodes" && second !== undefined && third === undefined) {
      const sample = this.#nodes.get(second);
      return sample
        ? ok(nodeMetricsOf(sample))
        : notFound(`nodemetrics.metrics.k8s.io "${second}" not found`, second, "nodes");
    }
    if (first === "pods" && second === undefined) return named(this.podMetrics(undefined, labelSelector));
    if (first === "namespaces" && second !== undefined && third === "pods") {
      if (fourth === undefined) return named(this.podMetrics(second, labelSelector));
      const sample = this.#pods.get(`${second}/${fourth}`);
      return sample
        ? ok(podMetricsOf(sample))
        : notFound(`podmetrics.metrics.k8s.io "${second}/${fourth}" not found`, `${second}/${fourth}`, "pods");
    }
    return notFound("the server could not find the requested resource");
  }
}

function podMetricsOf({ namespace, name, labels, at, windowMs, containers }: PodSample): object {
  return {
    kind: "PodMetrics",
    apiVersion: groupVersion,
    metadata: { name, namespace, creationTimestamp: timestamp(at), ...(labels && { labels }) },
    timestamp: timestamp(at),
    window: windowText(windowMs),
    containers: containers.map((container) => ({ name: container.name, usage: usageList(container) })),
  };
}

function nodeMetricsOf({ node, at, windowMs, ...amounts }: NodeSample): object {
  const { name, labels } = node.metadata;
  return {
    kind: "NodeMetrics",
    apiVersion: groupVersion,
    metadata: { name, creationTimestamp: timestamp(at), ...(labels && { labels }) },
    timestamp: timestamp(at),
    window: windowText(windowMs),
    usage: usageList(amounts),
  };
}

/** CPU in nanocores and memory in KiB, as metrics-server prints them: `250000000n`, `12345Ki`. */
function usageList({ cpuMillis, memoryBytes }: { cpuMillis: number; memoryBytes: number }) {
  const nanoCores = Math.round(cpuMillis * 1e6);
  const kib = Math.max(1, Math.round(memoryBytes / 1024));
  return {
    cpu: nanoCores === 0 ? "0" : Quantity.of(avoidRound(nanoCores), -9).toString(),
    memory: Quantity.ofBytes(kib * 1024).toString(),
  };
}

/** A measured rate is never a round number of micros, which would be printed in another unit than all others. */
const avoidRound = (nanoCores: number): number => (nanoCores % 1000 === 0 ? nanoCores + 1 : nanoCores);

/** Go prints the window of a whole rate with its fraction; ours is whole milliseconds. */
const windowText = (ms: number): string => `${ms / 1000}s`;

const isReady = (node: Node): boolean =>
  node.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;

const order = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

/** metadata.name and metadata.namespace, which is what metrics-server can select by. */
function selectFields(items: readonly object[], selector: string): readonly object[] {
  if (!selector) return items;
  const terms = selector.split(",").map((term) => /^metadata\.(name|namespace)(==?|!=)(.*)$/.exec(term));
  return items.filter((item) => {
    const { metadata } = item as { metadata: Record<string, string> };
    return terms.every((term) => !term || (metadata[term[1] ?? ""] === term[3]) === (term[2] !== "!="));
  });
}

const apiGroup = {
  kind: "APIGroup",
  apiVersion: "v1",
  name: "metrics.k8s.io",
  versions: [{ groupVersion, version: "v1beta1" }],
  preferredVersion: { groupVersion, version: "v1beta1" },
};

const apiResources = {
  kind: "APIResourceList",
  apiVersion: "v1",
  groupVersion,
  resources: [
    { name: "nodes", singularName: "", namespaced: false, kind: "NodeMetrics", verbs: ["get", "list"] },
    { name: "pods", singularName: "", namespaced: true, kind: "PodMetrics", verbs: ["get", "list"] },
  ],
};

const list = (kind: string, items: readonly object[]) => ({ kind, apiVersion: groupVersion, metadata: {}, items });
const ok = (body: unknown): MetricsResponse => ({ status: 200, body });

const notFound = (message: string, name?: string, resource?: string): MetricsResponse =>
  failure(404, "NotFound", message, name === undefined ? undefined : { name, group: "metrics.k8s.io", kind: resource });

function failure(code: number, reason: string, message: string, details?: object): MetricsResponse {
  const status = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason,
    ...(details && { details }),
    code,
  };
  return { status: code, body: status };
}
