import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import {
  type Clock,
  createClient,
  seededRandom,
  silentLogger,
  type TransportRequest,
  VirtualClock,
} from "@bellows/kube";
import { openTrigger } from "./catalogue.ts";
import type { Trigger, TriggerConfig, TriggerSeams } from "./trigger.ts";

/** The configuration of the first trigger of a ScaledObject. */
export function aTriggerConfig(type: string, config: Partial<TriggerConfig> = {}): TriggerConfig {
  return {
    object: { kind: "ScaledObject", namespace: "shop", name: "web", uid: "u-1", generation: 1 },
    index: 0,
    type,
    name: "",
    metadata: {},
    resolvedEnv: {},
    authParams: {},
    podIdentity: { provider: "none" },
    metricType: undefined,
    asMetricSource: false,
    httpTimeoutMs: 60_000,
    ...config,
  };
}

interface FakeWorld {
  readonly clock?: Clock;
  /** What the API server has at a path, or how it refuses. */
  readonly answer?: (request: TransportRequest) => unknown;
}

export function fakeSeams({ clock = new VirtualClock(0), answer }: FakeWorld = {}): TriggerSeams {
  const client = createClient({
    request: async (request) => {
      const body = answer?.(request);
      if (body !== undefined) return { status: 200, headers: {}, body };
      const status = { kind: "Status", status: "Failure", code: 403, reason: "Forbidden", message: "not allowed" };
      return { status: 403, headers: {}, body: status };
    },
    watch: () => ({ stop: () => {} }),
  });
  return { client, clock, random: seededRandom(1), log: silentLogger };
}

export const open = (type: string, config: Partial<TriggerConfig> = {}, world: FakeWorld = {}): Promise<Trigger> =>
  openTrigger(aTriggerConfig(type, config), fakeSeams(world));

/** What opening it is refused with; undefined where it opens. */
export async function problemOf(type: string, config: Partial<TriggerConfig>): Promise<string | undefined> {
  try {
    await (await open(type, config)).close();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** The name of its one metric. */
export async function metricNameOf(trigger: Trigger): Promise<string | undefined> {
  const [spec] = await trigger.metricSpecs();
  return spec?.external?.metric.name;
}

export const soon = (): AbortSignal => AbortSignal.timeout(60_000);

export interface FakeHttpServer {
  readonly url: string;
  readonly requests: IncomingMessage[];
  close(): Promise<void>;
}

/** A server on this machine; over TLS where it gets certificates. */
export async function fakeHttpServer(listener: RequestListener, tls?: ServerOptions): Promise<FakeHttpServer> {
  const requests: IncomingMessage[] = [];
  const recording: RequestListener = (request, response) => {
    requests.push(request);
    listener(request, response);
  };
  const server: Server = tls ? createTlsServer(tls, recording) : createServer(recording);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls ? "https" : "http"}://127.0.0.1:${port}`,
    requests,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
