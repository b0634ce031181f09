import { expect, test } from "vitest";
import { configMaps, testServer } from "./testing-server.ts";

const message = (body: unknown) => (body as { message: string }).message;

test.each([
  ["GET", "/api/v1/foos", 404],
  ["GET", "/nope", 404],
  ["GET", "//api/v1/pods", 404],
  ["GET", "/apis/apps/v9/deployments", 404],
  ["GET", "/api/v1/configmaps/a", 404],
  ["GET", "/api/v1/namespaces/default/nodes", 404],
  ["HEAD", `${configMaps}/a`, 405],
  ["OPTIONS", configMaps, 405],
  ["PUT", configMaps, 405],
  ["POST", "/api/v1/configmaps", 405],
  ["GET", "/livez", 200],
  ["GET", "/version", 200],
])("%s %s is answered by %i", async (method, path, status) => {
  const { ask } = await testServer();
  expect((await ask(method, path)).status).toBe(status);
});

test("a user without a role is refused", async () => {
  const { ask } = await testServer();
  const { status, body } = await ask("GET", "/api/v1/pods", undefined, {}, { username: "jane", groups: [] });
  expect(status).toBe(403);
  expect(message(body)).toBe(
    'pods is forbidden: User "jane" cannot list resource "pods" in API group "" at the cluster scope',
  );
});
test("a version that a group does not have is told of by a Status", async () => {
  const { ask } = await testServer();
  const { body } = await ask("GET", "/apis/apps/v1beta1/namespaces/default/deployments");
  expect(body).toMatchObject({ kind: "Status", message: "the server could not find the requested resource" });
});

test.each([
  [
    { "impersonate-user": "jane" },
    403,
    'configmaps is forbidden: User "jane" cannot list resource "configmaps" in API group "" in the namespace "default"',
  ],
  [{ "impersonate-group": "x" }, 400, "requested [{Group  x    }] without impersonating a user"],
  [{ "impersonate-uid": "x" }, 400, "requested [{UID  x  authentication.k8s.io/v1  }] without impersonating a user"],
])("acting as %j is answered by %i", async (headers, status, text) => {
  const { ask } = await testServer();
  const answer = await ask("GET", configMaps, undefined, headers);
  expect([answer.status, message(answer.body)]).toEqual([status, text]);
});
