import { expect, test } from "vitest";
import { cloudEventRequest, type Happening } from "./cloud-event.ts";
import { cloudEventTypeOf, isSubscribed } from "./event-types.ts";

const happening: Happening = {
  id: "7d0a8e4e-9f7b-4b0e-8f0c-0d3f7c4ce001",
  type: "keda.scaledobject.failed.v1",
  namespace: "shop",
  kind: "ScaledObject",
  name: "Web",
  reason: "ScaledObjectCheckFailed",
  message: "Target resource doesn't exist",
  time: "2026-01-05T00:00:00Z",
};

test("an event is a POST in binary mode, as KEDA's client sends it", () => {
  expect(cloudEventRequest(happening, { clusterName: "prod", kedaNamespace: "keda" })).toEqual({
    headers: {
      "ce-id": "7d0a8e4e-9f7b-4b0e-8f0c-0d3f7c4ce001",
      "ce-source": "/prod/keda/keda",
      "ce-specversion": "1.0",
      "ce-subject": "/prod/shop/scaledobject/web",
      "ce-time": "2026-01-05T00:00:00Z",
      "ce-type": "keda.scaledobject.failed.v1",
      "content-type": "application/json",
    },
    body: '{"reason":"ScaledObjectCheckFailed","message":"Target resource doesn\'t exist"}',
  });
});

test("an event of nothing has the places of its subject", () => {
  const nothing = { ...happening, namespace: "", kind: "", name: "" };
  const { headers } = cloudEventRequest(nothing, { clusterName: "", kedaNamespace: "keda" });
  expect(headers).toMatchObject({ "ce-subject": "////", "ce-source": "//keda/keda" });
});

test("what headers can't hold is percent-encoded", () => {
  const { headers } = cloudEventRequest(happening, { clusterName: '서울 "1"', kedaNamespace: "keda" });
  expect(headers["ce-source"]).toBe("/%EC%84%9C%EC%9A%B8%20%221%22/keda/keda");
});

test.each([
  ["ScaledObject", "ScaledObjectReady", "keda.scaledobject.ready.v1"],
  ["ScaledObject", "KEDAScalersStarted", undefined],
  ["ScaledJob", "ScaledJobRolloutCleanupFailed", "keda.scaledjob.rolloutcleanup.failed.v1"],
  [
    "TriggerAuthentication",
    "ClusterTriggerAuthenticationUpdated",
    "keda.authentication.triggerauthentication.updated.v1",
  ],
  [
    "ClusterTriggerAuthentication",
    "ClusterTriggerAuthenticationUpdated",
    "keda.authentication.clustertriggerauthentication.updated.v1",
  ],
  ["Deployment", "ScaledObjectReady", undefined],
])("the Event %s %s is %s", (kind, reason, type) => {
  expect(cloudEventTypeOf({ kind, metadata: { name: "x" } }, reason)).toBe(type);
});

test.each([
  [{}, true],
  [{ includedEventTypes: ["keda.scaledobject.failed.v1"] }, true],
  [{ includedEventTypes: ["keda.scaledobject.ready.v1"] }, false],
  [{ excludedEventTypes: ["keda.scaledobject.failed.v1"] }, false],
  [{ excludedEventTypes: ["keda.scaledobject.ready.v1"] }, true],
  [{ includedEventTypes: ["keda.scaledobject.failed.v1"], excludedEventTypes: ["keda.scaledobject.failed.v1"] }, true],
  [{ includedEventTypes: [], excludedEventTypes: [] }, true],
] as const)("of the subscription %j an event that failed is sent: %s", (subscription, sent) => {
  const { includedEventTypes, excludedEventTypes } = subscription as Parameters<typeof isSubscribed>[0];
  const given = {
    ...(includedEventTypes && { includedEventTypes: [...includedEventTypes] }),
    ...(excludedEventTypes && { excludedEventTypes: [...excludedEventTypes] }),
  };
  expect(isSubscribed(given, "keda.scaledobject.failed.v1")).toBe(sent);
});
