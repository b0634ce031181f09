import type * as Grpc from "@grpc/grpc-js";
import {
  decodeActive,
  decodeAmounts,
  encodeGetMetricsRequest,
  encodeScaledObjectRef,
  type GetMetricsRequest,
  type NamedAmount,
  type ScaledObjectRef,
} from "./external-scaler-messages.ts";
import { type HttpTls, trustedCertificates } from "./http-client.ts";

/** The calls of the service ExternalScaler. */
export interface ExternalScalerClient {
  isActive(object: ScaledObjectRef, signal: AbortSignal): Promise<boolean>;
  metricSpecs(object: ScaledObjectRef, signal?: AbortSignal): Promise<readonly NamedAmount[]>;
  metrics(request: GetMetricsRequest, signal: AbortSignal): Promise<readonly NamedAmount[]>;
  /** Resolves when the scaler ends the stream, or `signal` aborts. */
  streamActive(object: ScaledObjectRef, each: (active: boolean) => void, signal: AbortSignal): Promise<void>;
  /** Resolves with false where the scaler has no such call. */
  streamMetricSpecs(
    object: ScaledObjectRef,
    each: (specs: readonly NamedAmount[]) => void,
    signal: AbortSignal,
  ): Promise<boolean>;
  close(): void;
}

/** How a scaler is connected to. */
export interface ExternalScalerAddress extends HttpTls {
  readonly address: string;
  readonly encrypted: boolean;
}

interface SharedConnection {
  readonly connection: Promise<Connection>;
  users: number;
}

interface Connection {
  readonly client: Grpc.Client;
  readonly unimplemented: number;
  readonly cancelled: number;
  readonly nameOf: (code: number) => string;
}

/** ScaledObjects with the same scaler and credentials share a connection, as upstream. */
const connections = new Map<string, SharedConnection>();

/** Connects with the first call. */
export function openExternalScalerClient(scaler: ExternalScalerAddress): ExternalScalerClient {
  const key = JSON.stringify([scaler.address, scaler.encrypted, scaler.unsafe, scaler.ca, scaler.cert, scaler.key]);
  let shared: SharedConnection | undefined;

  function connected(): Promise<Connection> {
    if (!shared) {
      shared = connections.get(key) ?? { connection: connect(scaler), users: 0 };
      shared.users++;
      connections.set(key, shared);
    }
    return shared.connection;
  }

  async function call<Q, A>(method: Method<Q, A>, request: Q, signal: AbortSignal | undefined): Promise<A> {
    const connection = await connected();
    return await new Promise<A>((resolve, reject) => {
      const { encode, decode } = method;
      const done = (error: Grpc.ServiceError | null, answer: A | undefined) => {
        signal?.removeEventListener("abort", cancel);
        if (signal?.aborted) reject(signal.reason);
        else if (error) reject(rpcError(error, connection));
        else resolve(answer as A);
      };
      const running = connection.client.makeUnaryRequest(method.path, encode, decode, request, done);
      const cancel = () => running.cancel();
      if (signal?.aborted) cancel();
      signal?.addEventListener("abort", cancel, { once: true });
    });
  }

  async function stream<Q, A>(
    { path, encode, decode }: Method<Q, A>,
    request: Q,
    each: (answer: A) => void,
    signal: AbortSignal,
  ): Promise<boolean> {
    const connection = await connected();
    return await new Promise<boolean>((resolve, reject) => {
      const running = connection.client.makeServerStreamRequest(path, encode, decode, request);
      const cancel = () => running.cancel();
      const finish = (settle: () => void) => {
        signal.removeEventListener("abort", cancel);
        settle();
      };
      running.on("data", each);
      running.on("end", () => finish(() => resolve(true)));
      running.on("error", (error: Grpc.ServiceError) =>
        finish(() => {
          if (error.code === connection.unimplemented) resolve(false);
          else if (signal.aborted && error.code === connection.cancelled) resolve(true);
          else reject(rpcError(error, connection));
        }),
      );
      if (signal.aborted) cancel();
      signal.addEventListener("abort", cancel, { once: true });
    });
  }

  return {
    isActive: (object, signal) => call(methods.isActive, object, signal),
    metricSpecs: (object, signal) => call(methods.metricSpecs, object, signal),
    metrics: (request, signal) => call(methods.metrics, request, signal),
    streamActive: async (object, each, signal) => {
      const has = await stream(methods.streamActive, object, each, signal);
      if (!has) throw new Error("rpc error: code = Unimplemented desc = the scaler has no StreamIsActive");
    },
    streamMetricSpecs: (object, each, signal) => stream(methods.streamMetricSpecs, object, each, signal),
    close: () => {
      const used = shared;
      shared = undefined;
      if (!used || --used.users > 0) return;
      connections.delete(key);
      void used.connection.then(({ client }) => client.close()).catch(() => {});
    },
  };
}

interface Method<Q, A> {
  readonly path: string;
  readonly encode: (request: Q) => Buffer;
  readonly decode: (message: Buffer) => A;
}

const service = "/externalscaler.ExternalScaler";
const methods = {
  isActive: { path: `${service}/IsActive`, encode: encodeScaledObjectRef, decode: decodeActive },
  streamActive: { path: `${service}/StreamIsActive`, encode: encodeScaledObjectRef, decode: decodeActive },
  metricSpecs: { path: `${service}/GetMetricSpec`, encode: encodeScaledObjectRef, decode: decodeAmounts },
  streamMetricSpecs: { path: `${service}/StreamMetricSpec`, encode: encodeScaledObjectRef, decode: decodeAmounts },
  metrics: { path: `${service}/GetMetrics`, encode: encodeGetMetricsRequest, decode: decodeAmounts },
};

async function connect({ address, encrypted, ca, cert, key, unsafe }: ExternalScalerAddress): Promise<Connection> {
  const grpc = await import("@grpc/grpc-js");
  const buffer = (pem: string | undefined) => (pem === undefined ? null : Buffer.from(pem));
  const credentials = encrypted
    ? grpc.credentials.createSsl(buffer(trustedCertificates(ca)?.join("\n")), buffer(key), buffer(cert), {
        rejectUnauthorized: unsafe !== true,
      })
    : grpc.credentials.createInsecure();
  const client = new grpc.Client(address, credentials, {
    "grpc.service_config": JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
  });
  return {
    client,
    unimplemented: grpc.status.UNIMPLEMENTED,
    cancelled: grpc.status.CANCELLED,
    nameOf: (code) => goCodeName(grpc.status[code] ?? "UNKNOWN"),
  };
}

/** `DEADLINE_EXCEEDED` as Go writes it: `DeadlineExceeded`. */
function goCodeName(name: string): string {
  if (name === "CANCELLED") return "Canceled";
  return name
    .split("_")
    .map((word) => `${word[0]}${word.slice(1).toLowerCase()}`)
    .join("");
}

function rpcError(error: Grpc.ServiceError, { nameOf }: Connection): Error {
  return new Error(`rpc error: code = ${nameOf(error.code)} desc = ${error.details}`, { cause: error });
}
