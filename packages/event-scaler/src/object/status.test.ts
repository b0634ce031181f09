import { ScaledJob } from "@bellows/api";
import { type Client, createClient, systemClock, type TransportRequest, type TransportResponse } from "@bellows/kube";
import { expect, test } from "vitest";
import { type StatusOf, updateStatus } from "./status.ts";

/** A server with one ScaledJob, which refuses to change another version of it. */
function server(current: ScaledJob): { client: Client; requests: TransportRequest[] } {
  const requests: TransportRequest[] = [];
  const request = async (request: TransportRequest): Promise<TransportResponse> => {
    requests.push(request);
    if (request.method === "GET") return { status: 200, headers: {}, body: current };
    const { metadata } = request.body as ScaledJob;
    if (metadata.resourceVersion === current.metadata.resourceVersion)
      return { status: 200, headers: {}, body: current };
    const body = { kind: "Status", status: "Failure", reason: "Conflict", code: 409, message: "modified" };
    return { status: 409, headers: {}, body };
  };
  return { client: createClient({ request, watch: () => ({ stop() {} }) }, { clock: systemClock }), requests };
}

const scaledJob = (resourceVersion: string, status: StatusOf<ScaledJob>): ScaledJob => ({
  metadata: { name: "orders", namespace: "shop", resourceVersion },
  status,
});
const statusesOf = (requests: readonly TransportRequest[]) =>
  requests.filter(({ method }) => method === "PATCH").map(({ body }) => (body as ScaledJob).status);

test("nothing is written where nothing changes", async () => {
  const { client, requests } = server(scaledJob("1", {}));
  await updateStatus(client, ScaledJob, scaledJob("1", { triggersTypes: "cron" }), (status) => ({ ...status }));
  expect(requests).toEqual([]);
});

test("a change is made to the latest version where another controller was faster, and keeps what that wrote", async () => {
  const { client, requests } = server(scaledJob("2", { triggersTypes: "cron" }));
  await updateStatus(client, ScaledJob, scaledJob("1", {}), (status) => ({ ...status, authenticationsTypes: "login" }));
  expect(statusesOf(requests)).toEqual([{ authenticationsTypes: "login" }, { authenticationsTypes: "login" }]);
});

test("a trigger that is gone is taken out of the activity", async () => {
  const before = scaledJob("1", { triggersActivity: { "s0-a": { isActive: true }, "s1-b": { isActive: false } } });
  const { client, requests } = server(before);
  await updateStatus(client, ScaledJob, before, () => ({ triggersActivity: { "s0-a": { isActive: false } } }));
  expect(statusesOf(requests)).toEqual([{ triggersActivity: { "s0-a": { isActive: false }, "s1-b": null } }]);
});
