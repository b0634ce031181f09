import { serveNumber } from "./number-server.ts";
import type { TriggerSource } from "./trigger-source.ts";

/** An endpoint that answers with a number in JSON. */
export const metricsApi: TriggerSource = {
  name: "metrics-api: a number of an endpoint",
  async start() {
    const server = await serveNumber((value) => JSON.stringify({ queue: { jobs: value } }));
    return {
      trigger: {
        type: "metrics-api",
        metadata: { url: `http://127.0.0.1:${server.port}/`, valueLocation: "queue.jobs", targetValue: "1" },
      },
      async setWork(pieces) {
        server.value = pieces;
      },
      stop: () => server.stop(),
    };
  },
};
