import { type Cloud, cloudError } from "@bellows/aws";
import { type Logger, type Serving, serve } from "@bellows/kube";
import { answerCall, type CloudAnswer, type CloudCall, remoteCloud } from "./cloud-wire.ts";

const path = "/cloud";

/** Serves a simulated cloud to processes of this machine, by HTTP on loopback. */
export function serveCloud(cloud: Cloud, options: { readonly log: Logger; readonly port?: number }): Promise<Serving> {
  return serve({
    log: options.log,
    port: options.port ?? 0,
    routes(app) {
      app.post(path, async (request, reply) => {
        const call = request.body as CloudCall;
        const answer = await answerCall(cloud, call);
        return answer ?? reply.status(404).send(`${call.part}.${call.operation}: no such operation`);
      });
    },
  });
}

/** A cloud that another process serves at `url`. Where it does not answer, calls fail as those of a service that is away. */
export function cloudAt(url: string, region: string): Cloud {
  return remoteCloud(region, async (call) => {
    try {
      const response = await fetch(new URL(path, url), {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(call),
      });
      if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
      return (await response.json()) as CloudAnswer;
    } catch (cause) {
      const why = cause instanceof Error ? (cause.cause instanceof Error ? cause.cause.message : cause.message) : cause;
      throw cloudError("ServiceUnavailable", `the simulated cloud at ${url}: ${why}`, { cause });
    }
  });
}
