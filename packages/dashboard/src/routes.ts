import { timingSafeEqual } from "node:crypto";
import { Event, HorizontalPodAutoscaler, Node, Pod } from "@bellows/api";
import type { Client, Clock } from "@bellows/kube";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { overviewOf } from "./overview.ts";
import { body, page } from "./page.ts";

export interface DashboardOptions {
  readonly client: Client;
  readonly clock: Clock;
  /** Asked for as `?token=`: without it, 401. */
  readonly token: string;
}

/** Serves the page at `/`, and its changing part at `/overview`. Reads only. */
export function dashboardRoutes(options: DashboardOptions): (app: FastifyInstance) => void {
  const { client, clock, token } = options;
  const html = "text/html; charset=utf-8";

  const answer =
    (render: (overview: ReturnType<typeof overviewOf>) => string) =>
    async (request: FastifyRequest, reply: FastifyReply) => {
      const { token: given = "" } = request.query as { token?: string };
      if (!sameText(given, token))
        return reply.code(401).type("text/plain").send("401: open the address that npm start printed\n");
      return reply
        .type(html)
        .header("cache-control", "no-store")
        .send(render(await readOverview(client, clock)));
    };

  return (app) => {
    app.get(
      "/",
      answer((overview) => page(overview, `/overview?token=${encodeURIComponent(token)}`)),
    );
    app.get("/overview", answer(body));
  };
}

async function readOverview(client: Client, clock: Clock) {
  const [nodes, pods, autoscalers, events] = await Promise.all([
    client.listAll(Node),
    client.listAll(Pod),
    client.listAll(HorizontalPodAutoscaler),
    client.listAll(Event),
  ]);
  const objects = { nodes: nodes.items, pods: pods.items, autoscalers: autoscalers.items, events: events.items };
  return overviewOf(objects, clock.now());
}

/** Takes as long for a near miss as for a far one. */
function sameText(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
