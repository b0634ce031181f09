import type { MetricSpec } from "@bellows/api";
import { issueCa, issueServing, systemClock } from "@bellows/kube";
import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type ServerWritableStream,
  status,
} from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { externalScalerContract, type Message } from "./external-scaler.fixture.ts";
import { metricNameOf, open, problemOf, soon } from "./trigger.fixture.ts";
import type { Push, TriggerConfig } from "./trigger.ts";

type Stream = ServerWritableStream<Message, Message>;

/** What a scaler answers; its requests are kept. */
interface Scaler {
  active: boolean;
  specs: Message[];
  values: Message[];
  refuses: boolean;
  readonly requests: Message[];
  onActiveStream: (stream: Stream) => void;
  onSpecStream: ((stream: Stream) => void) | undefined;
}

let server: Server;
let scaler: Scaler;

beforeEach(() => {
  scaler = {
    active: true,
    specs: [{ metricName: "jobs", targetSize: 5 }],
    values: [{ metricName: "jobs", metricValue: 12 }],
    refuses: false,
    requests: [],
    onActiveStream: () => {},
    onSpecStream: undefined,
  };
  const unary =
    (answer: () => Message): handleUnaryCall<Message, Message> =>
    (call, done) => {
      scaler.requests.push(call.request);
      if (scaler.refuses) done({ code: status.FAILED_PRECONDITION, details: "no such queue" });
      else done(null, answer());
    };
  const streaming: handleServerStreamingCall<Message, Message> = (call) => scaler.onActiveStream(call);
  const specStreaming: handleServerStreamingCall<Message, Message> = (call) => {
    if (scaler.onSpecStream) scaler.onSpecStream(call);
    else call.emit("error", { code: status.UNIMPLEMENTED, details: "not here" });
  };
  server = new Server();
  server.addService(externalScalerContract, {
    IsActive: unary(() => ({ result: scaler.active })),
    GetMetricSpec: unary(() => ({ metricSpecs: scaler.specs })),
    GetMetrics: unary(() => ({ metricValues: scaler.values })),
    StreamIsActive: streaming,
    StreamMetricSpec: specStreaming,
  });
});

afterEach(() => server.forceShutdown());

function listen(credentials = ServerCredentials.createInsecure()): Promise<string> {
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", credentials, (error, port) =>
      error ? reject(error) : resolve(`127.0.0.1:${port}`),
    );
  });
}

async function opened(more: Record<string, string> = {}, config: Partial<TriggerConfig> = {}, type = "external") {
  const metadata = { scalerAddress: await listen(), ...more };
  return open(type, { metadata, ...config }, { clock: systemClock });
}

describe("metadata", () => {
  const parsing = "error parsing external scaler metadata: ";
  test("needs an address, and takes anything else", async () => {
    expect(await problemOf("external", {})).toBe(
      `${parsing}${parsing}missing required parameter "scalerAddress" in [triggerMetadata]`,
    );
    const trigger = await open("external", { metadata: { scalerAddress: "myservice", test1: "7", test2: "creds" } });
    expect(trigger.notices).toEqual([]);
  });
  test.each(["enableTLS", "unsafeSsl"])("refuses %s that is neither true nor false", async (key) => {
    expect(await problemOf("external", { metadata: { scalerAddress: "a", [key]: "yes" } })).toContain(
      `${parsing}${parsing}unable to set param "${key}" value "yes": `,
    );
  });
  test("Utilization is refused", async () => {
    expect(await problemOf("external-push", { metricType: "Utilization" })).toMatch(
      /^error getting external scaler metric type: 'Utilization' metric type is unsupported/,
    );
  });
});

describe("a scaler", () => {
  test("is told the object, the metadata and the variables that these name", async () => {
    const more = { queue: "orders", tokenFromEnv: "TOKEN", missingFromEnv: "NONE" };
    const trigger = await opened(more, { resolvedEnv: { TOKEN: "t0k" } });
    await trigger.metricSpecs();
    expect(scaler.requests).toEqual([
      {
        name: "web",
        namespace: "shop",
        scalerMetadata: { scalerAddress: expect.any(String), queue: "orders", tokenFromEnv: "t0k" },
      },
    ]);
    await trigger.close();
  });

  test("names its metrics and their targets", async () => {
    scaler.specs = [
      { metricName: "a/b", targetSize: 5 },
      { metricName: "c", targetSize: 5, targetSizeFloat: 2.5 },
    ];
    const trigger = await opened({}, { index: 2 });
    expect(await metricNameOf(trigger)).toBe("s2-a/b");
    expect((await trigger.metricSpecs()).map(({ external }) => external?.target.averageValue)).toEqual(["5", "2.500"]);
    await trigger.close();
  });

  test.each([
    ["a whole number", { metricValue: 12 }, 12],
    ["a float, which wins", { metricValue: 12, metricValueFloat: 0.25 }, 0.25],
    ["nothing", {}, 0],
    ["more than 32 bits", { metricValue: 5_000_000_000 }, 5_000_000_000],
  ])("answers with %s", async (_, value, expected) => {
    scaler.values = [{ metricName: "jobs", ...value }];
    const trigger = await opened();
    expect(await trigger.read("s0-jobs", soon())).toEqual({
      values: [{ metricName: "s0-jobs", value: expected }],
      active: true,
    });
    expect(scaler.requests[0]?.["metricName"]).toBe("jobs");
    scaler.active = false;
    expect((await trigger.read("s0-jobs", soon())).active).toBe(false);
    await trigger.close();
  });

  test.each([{ metricValue: -1 }, { metricValueFloat: -0.5 }, { metricValueFloat: Number.NaN }])(
    "that lies (%j) is an error",
    async (value) => {
      scaler.values = [{ metricName: "jobs", ...value }];
      const trigger = await opened();
      await expect(trigger.read("s0-jobs", soon())).rejects.toThrow("expected a number of 0 or more");
      await trigger.close();
    },
  );

  test("that refuses is an error in gRPC's words", async () => {
    scaler.refuses = true;
    const trigger = await opened();
    const refusal = new Error("rpc error: code = FailedPrecondition desc = no such queue");
    await expect(trigger.read("s0-jobs", soon())).rejects.toThrow(refusal);
    await expect(trigger.metricSpecs()).rejects.toThrow(refusal);
    await trigger.close();
  });

  test("that is not there is an error", async () => {
    const trigger = await open("external", { metadata: { scalerAddress: "127.0.0.1:1" } });
    await expect(trigger.read("s0-jobs", soon())).rejects.toThrow(/^rpc error: code = Unavailable desc = /);
    await trigger.close();
  });

  test("that is silent can be given up", async () => {
    const trigger = await opened();
    await expect(trigger.read("s0-jobs", AbortSignal.abort(new Error("time is up")))).rejects.toThrow("time is up");
    await trigger.close();
  });

  test("is reached by TLS with the certificates of the authentication", async () => {
    const now = systemClock.now();
    const ca = await issueCa(now, {});
    const own = await issueServing(ca, now, { names: ["127.0.0.1"] });
    const client = await issueServing(ca, now, { names: ["client"], usage: "client" });
    const pair = { private_key: Buffer.from(own.key), cert_chain: Buffer.from(own.certificate) };
    const scalerAddress = await listen(ServerCredentials.createSsl(Buffer.from(ca.certificate), [pair], true));
    const authParams = { caCert: ca.certificate, tlsClientCert: client.certificate, tlsClientKey: client.key };
    const trigger = await open("external", { metadata: { scalerAddress }, authParams });
    expect(await metricNameOf(trigger)).toBe("s0-jobs");
    await trigger.close();
  });
});

describe("a scaler that pushes", () => {
  async function listened(run: (pushes: Push[], specs: (readonly MetricSpec[])[]) => Promise<void>) {
    const trigger = await opened({}, {}, "external-push");
    const stopping = new AbortController();
    const pushes: Push[] = [];
    const specs: (readonly MetricSpec[])[] = [];
    const ended = trigger.listen?.(
      { push: (push) => void pushes.push(push), metricSpecs: (wanted) => void specs.push(wanted) },
      stopping.signal,
    );
    await run(pushes, specs);
    stopping.abort();
    await ended;
    await trigger.close();
  }

  test("tells when it becomes active and what it wants", async () => {
    scaler.onActiveStream = (stream) => {
      stream.write({ result: true });
      stream.write({ result: false });
    };
    scaler.onSpecStream = (stream) => stream.write({ metricSpecs: [{ metricName: "jobs", targetSize: 7 }] });
    await listened(async (pushes, specs) => {
      await expect.poll(() => [pushes, specs.length]).toEqual([[{ active: true }, { active: false }], 1]);
      expect(specs[0]?.[0]?.external?.target.averageValue).toBe("7");
    });
  });

  test("very often is heard to the last word, and what it wants once a second", async () => {
    const many = 4999;
    scaler.onActiveStream = (stream) => {
      for (let count = 1; count <= many; count++) stream.write({ result: count === many });
    };
    scaler.onSpecStream = (stream) => {
      for (let targetSize = 1; targetSize <= many; targetSize++)
        stream.write({ metricSpecs: [{ metricName: "jobs", targetSize }] });
    };
    await listened(async (pushes, specs) => {
      const began = systemClock.now();
      const wanted = () => specs.at(-1)?.[0]?.external?.target.averageValue;
      await expect.poll(() => [pushes.at(-1)?.active, wanted()], { timeout: 60_000 }).toEqual([true, `${many}`]);
      expect(specs.length).toBeLessThan(3 + (systemClock.now() - began) / 1000);
    });
  });

  test("needs not tell what it wants", async () => {
    scaler.onActiveStream = (stream) => stream.write({ result: true });
    await listened(async (pushes) => {
      await expect.poll(() => pushes).toEqual([{ active: true }]);
    });
  });

  test("that ends its stream ends the listening", async () => {
    scaler.onActiveStream = (stream) => stream.end();
    const trigger = await opened({}, {}, "external-push");
    await trigger.listen?.({ push: () => {}, metricSpecs: () => {} }, soon());
    await trigger.close();
  });

  test("that breaks its stream fails the listening", async () => {
    scaler.onActiveStream = (stream) => stream.emit("error", { code: status.INTERNAL, details: "boom" });
    const trigger = await opened({}, {}, "external-push");
    await expect(trigger.listen?.({ push: () => {}, metricSpecs: () => {} }, soon())).rejects.toThrow(
      "rpc error: code = Internal desc = boom",
    );
    await trigger.close();
  });

  test("only external-push listens", async () => {
    expect((await open("external", { metadata: { scalerAddress: "a" } })).listen).toBeUndefined();
  });
});
