import type { HorizontalPodAutoscaler, HorizontalPodAutoscalerStatus, Pod, PodMetrics } from "@bellows/api";
import {
  type Clock,
  type ObjectKey,
  type Random,
  type Transport,
  type TransportRequest,
  type TransportResponse,
  timestamp,
  type WatchHandler,
} from "@bellows/kube";

export interface ClusterSize {
  readonly autoscalers: number;
  readonly podsEach: number;
  readonly namespaces: number;
}

type Json = Record<string, unknown>;

/**
 * An API server with autoscalers, their Deployments and pods, and the metrics API. It keeps next to nothing: objects are
 * made when they are asked for, whole as a kubelet leaves them, so that what a process holds is what its controller keeps.
 */
export class BenchCluster implements Transport {
  readonly #size: ClusterSize;
  /** Autoscalers in a namespace. */
  readonly #each: number;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #startedAt: number;
  readonly #watches = new Map<string, WatchHandler>();
  #version = 1_000_000;
  /** CPU of a pod in thousandths: 50 is what is aimed at. */
  cpuMilli = 50;
  /** What was asked for, by method and kind of path. */
  readonly requests = new Map<string, number>();

  constructor(size: ClusterSize, clock: Clock, random: Random) {
    this.#size = size;
    this.#each = size.autoscalers / size.namespaces;
    this.#clock = clock;
    this.#random = random;
    this.#startedAt = clock.now() - 3_600_000;
  }

  async request({ method, path, query = {}, body }: TransportRequest): Promise<TransportResponse> {
    const answer = (value: unknown): TransportResponse => ({ status: 200, headers: {}, body: value });
    const parts = path.split("/");
    const kind = `${method} ${parts.at(-1) === "status" ? "horizontalpodautoscalers/status" : parts.at(-1)}`;
    this.requests.set(kind, (this.requests.get(kind) ?? 0) + 1);
    if (method === "PATCH" && parts.at(-1) === "status")
      return answer(this.#patched(parts.at(-2) as string, body as Json));
    if (path.startsWith("/apis/metrics.k8s.io/")) {
      return answer({ items: this.#podMetrics(parts[5] as string, query["labelSelector"]) });
    }
    const { autoscalers, podsEach } = this.#size;
    const page = (total: number, make: (index: number) => unknown) => {
      const from = Number(query["continue"] ?? 0);
      const until = Math.min(total, from + Number(query["limit"] ?? total));
      const made = Array.from({ length: until - from }, (_, index) => make(from + index));
      // As they come from the network: no two objects share a text.
      const items = JSON.parse(JSON.stringify(made)) as unknown[];
      const metadata = { resourceVersion: String(this.#version), ...(until < total && { continue: String(until) }) };
      return answer({ metadata, items });
    };
    switch (path) {
      case "/apis/autoscaling/v2/horizontalpodautoscalers":
        return page(autoscalers, (index) => this.#autoscaler(index));
      case "/apis/apps/v1/deployments":
        return page(autoscalers, (index) => this.#deployment(index));
      case "/api/v1/pods":
        return page(autoscalers * podsEach, (index) => this.#pod(Math.floor(index / podsEach), index % podsEach));
      case "/apis/apps/v1/statefulsets":
        return page(0, () => undefined);
      default:
        throw new Error(`${method} ${path}: not in this cluster`);
    }
  }

  watch({ path }: TransportRequest, handler: WatchHandler): { stop(): void } {
    this.#watches.set(path, handler);
    return { stop: () => void this.#watches.delete(path) };
  }

  /** Every autoscaler as after a change of its labels; what is returned sends them. */
  touchedAutoscalers(found: (key: ObjectKey) => HorizontalPodAutoscaler | undefined): () => void {
    const events = Array.from({ length: this.#size.autoscalers }, (_, index) => {
      const name = `web-${index}`;
      const before = found({ namespace: this.#namespace(index), name });
      if (!before) throw new Error(`${name}: not in the cache`);
      const metadata = { ...before.metadata, labels: { touched: "yes" }, resourceVersion: String(++this.#version) };
      // As it comes from the network.
      const object = JSON.parse(JSON.stringify({ ...before, metadata })) as HorizontalPodAutoscaler;
      return { type: "MODIFIED" as const, object };
    });
    const handler = this.#watches.get("/apis/autoscaling/v2/horizontalpodautoscalers");
    return () => {
      for (const event of events) handler?.event(event);
    };
  }

  /** In order, as an API server lists them. */
  #namespace = (index: number): string => `team-${Math.floor(index / this.#each)}`;

  #metadata(index: number, name: string, labels: Json): Json {
    return {
      name,
      namespace: this.#namespace(index),
      uid: `6f1c0e5e-0000-4000-8000-${name.slice(-12).padStart(12, "0")}`,
      generation: 1,
      resourceVersion: String(1000 + index),
      creationTimestamp: timestamp(this.#startedAt),
      labels,
    };
  }

  #autoscaler(index: number): unknown {
    return {
      apiVersion: "autoscaling/v2",
      kind: "HorizontalPodAutoscaler",
      metadata: this.#metadata(index, `web-${index}`, { team: this.#namespace(index) }),
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: `web-${index}` },
        minReplicas: 1,
        maxReplicas: 100,
        metrics: [
          { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } } },
        ],
      },
    };
  }

  #patched(name: string, body: Json): unknown {
    const index = Number(name.slice("web-".length));
    const whole = this.#autoscaler(index) as HorizontalPodAutoscaler;
    const { annotations } = body["metadata"] as { annotations: Record<string, string> };
    const object = {
      ...whole,
      metadata: { ...whole.metadata, annotations, resourceVersion: String(++this.#version) },
      status: body["status"] as HorizontalPodAutoscalerStatus,
    };
    this.#watches.get("/apis/autoscaling/v2/horizontalpodautoscalers")?.event({ type: "MODIFIED", object });
    return object;
  }

  #deployment(index: number): unknown {
    const replicas = this.#size.podsEach;
    const labels = { app: `web-${index}` };
    return {
      metadata: this.#metadata(index, `web-${index}`, labels),
      spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec() } },
      status: { replicas, updatedReplicas: replicas, readyReplicas: replicas, observedGeneration: 1 },
    };
  }

  #pod(autoscaler: number, index: number): Pod {
    const name = `web-${autoscaler}-5d9c7b8f6d-${String(index).padStart(5, "x")}`;
    const labels = { app: `web-${autoscaler}`, "pod-template-hash": "5d9c7b8f6d", team: this.#namespace(autoscaler) };
    const at = timestamp(this.#startedAt - Math.floor(this.#random.next() * 86_400_000));
    const owner = { apiVersion: "apps/v1", kind: "ReplicaSet", name: `web-${autoscaler}-5d9c7b8f6d`, uid: "u" };
    return {
      metadata: {
        ...(this.#metadata(autoscaler, name, labels) as unknown as Pod["metadata"]),
        ownerReferences: [{ ...owner, controller: true, blockOwnerDeletion: true }],
        managedFields: [{ manager: "kubelet", operation: "Update", subresource: "status", fieldsV1: managedFields() }],
      },
      spec: { ...podSpec(), nodeName: `node-${index}` },
      status: {
        phase: "Running",
        hostIP: "10.0.0.1",
        podIP: `10.1.${index}.${autoscaler % 250}`,
        startTime: at,
        qosClass: "Burstable",
        conditions: ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"].map(
          (type) => ({ type, status: "True", lastTransitionTime: at }),
        ),
        containerStatuses: [
          {
            name: "main",
            image: "registry.example/web:1.2.3",
            imageID: "registry.example/web@sha256:0123456789abcdef0123456789abcdef",
            containerID: `containerd://${name}`,
            ready: true,
            started: true,
            restartCount: 0,
            state: { running: { startedAt: at } },
          },
        ],
      },
    };
  }

  #podMetrics(namespace: string, selector: string | undefined): PodMetrics[] {
    const { podsEach } = this.#size;
    const at = timestamp(this.#clock.now() - 1000);
    const items: PodMetrics[] = [];
    const first = Number(namespace.slice("team-".length)) * this.#each;
    for (let index = first; index < first + this.#each; index++) {
      if (selector !== undefined && selector !== `app=web-${index}`) continue;
      for (let pod = 0; pod < podsEach; pod++) {
        const cpu = this.cpuMilli + Math.floor(this.#random.next() * 4);
        items.push({
          metadata: { name: `web-${index}-5d9c7b8f6d-${String(pod).padStart(5, "x")}`, namespace },
          timestamp: at,
          window: "15s",
          containers: [{ name: "main", usage: { cpu: `${cpu * 1_000_000}n`, memory: "65536Ki" } }],
        });
      }
    }
    return items;
  }
}

const podSpec = () => ({
  containers: [
    {
      name: "main",
      image: "registry.example/web:1.2.3",
      env: Array.from({ length: 8 }, (_, index) => ({ name: `SETTING_${index}`, value: `value ${index}` })),
      ports: [{ containerPort: 8080, protocol: "TCP" as const }],
      resources: { requests: { cpu: "100m", memory: "64Mi" }, limits: { memory: "128Mi" } },
      volumeMounts: [{ name: "token", mountPath: "/var/run/secrets/kubernetes.io/serviceaccount", readOnly: true }],
    },
  ],
  serviceAccountName: "default",
  schedulerName: "default-scheduler",
  tolerations: [{ key: "node.kubernetes.io/not-ready", operator: "Exists" as const, effect: "NoExecute" as const }],
});

const managedFields = () => ({ "f:status": { "f:conditions": {}, "f:containerStatuses": {}, "f:podIPs": {} } });
