import { externalScalerContract, type Message } from "@bellows/triggers/test-servers/external-scaler";
import { type handleServerStreamingCall, type handleUnaryCall, Server, ServerCredentials } from "@grpc/grpc-js";
import type { RunningSource, TriggerSource } from "./trigger-source.ts";

type StreamCall = Parameters<handleServerStreamingCall<Message, Message>>[0];

/** A scaler of one's own: the published gRPC contract, served from this process. */
const externalScaler = (pushes: boolean): TriggerSource => ({
  name: pushes ? "external-push: a scaler that tells by itself" : "external: a scaler that is asked",
  pushes,
  async start(): Promise<RunningSource> {
    let jobs = 0;
    const streams = new Set<StreamCall>();
    const unary =
      (answer: () => Message): handleUnaryCall<Message, Message> =>
      (_, done) =>
        done(null, answer());
    const server = new Server();
    server.addService(externalScalerContract, {
      IsActive: unary(() => ({ result: jobs > 0 })),
      GetMetricSpec: unary(() => ({ metricSpecs: [{ metricName: "jobs", targetSize: 1 }] })),
      GetMetrics: unary(() => ({ metricValues: [{ metricName: "jobs", metricValue: jobs }] })),
      StreamIsActive: (stream: StreamCall) => {
        streams.add(stream);
        stream.on("cancelled", () => streams.delete(stream));
        stream.write({ result: jobs > 0 });
      },
      StreamMetricSpec: (stream: StreamCall) => void stream.on("cancelled", () => stream.end()),
    });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    return {
      trigger: { type: pushes ? "external-push" : "external", metadata: { scalerAddress: `127.0.0.1:${port}` } },
      async setWork(pieces) {
        jobs = pieces;
        for (const stream of streams) stream.write({ result: jobs > 0 });
      },
      async stop() {
        server.forceShutdown();
      },
    };
  },
});

export const external = externalScaler(false);
export const externalPush = externalScaler(true);
