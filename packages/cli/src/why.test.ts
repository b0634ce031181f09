import { decisionAnnotation, decisionRecordAnnotation, type Kind } from "@bellows/api";
import { expect, test } from "vitest";
import { decisionLines, objectNamed, recordIn, recordsIn } from "./why.ts";

const objectWith = (annotations: Record<string, string>) => ({ metadata: { name: "web", annotations } });

test("a decision is told with its inputs, steps, limits and outcome", () => {
  const record = {
    id: "0123456789",
    at: Date.parse("2026-01-01T00:00:00Z"),
    seen: { replicas: 2, pods: 2, metrics: [{ name: "cpu" }] },
    computed: ["cpu 312 % of 50 % over 2 pods -> 13"],
    limits: [{ reason: "ScaleUpLimit", from: 13, to: 6 }],
    causes: [],
    action: { replicas: 6, reason: "cpu resource utilization (percentage of request) above target" },
  };
  const found = recordIn("hpa/web", objectWith({ [decisionRecordAnnotation]: JSON.stringify(record) }));
  expect(decisionLines(found)).toEqual([
    "decision  0123456789, 2026-01-01T00:00:00Z",
    "seen      replicas: 2",
    "seen      pods: 2",
    "computed  cpu 312 % of 50 % over 2 pods -> 13",
    "limit     ScaleUpLimit: 13 -> 6",
    "action    replicas: 6, reason: cpu resource utilization (percentage of request) above target",
  ]);
});

test("a ScaledObject is told with its HPA, in whose decisions the rest lies", () => {
  const record = (kind: string, id: string) => ({
    id,
    at: 0,
    subject: { apiVersion: "", kind, namespace: "shop", name: "web" },
    causes: [],
  });
  const decided = (kind: string, id: string) =>
    objectWith({ [decisionAnnotation]: id, [decisionRecordAnnotation]: JSON.stringify(record(kind, id)) });
  const hpa = ["hpa/keda-hpa-web", decided("HorizontalPodAutoscaler", "2")] as const;
  expect(recordsIn(["so/web", decided("ScaledObject", "1")], hpa).flatMap(decisionLines)).toEqual([
    "decision  1, 1970-01-01T00:00:00Z",
    "of        ScaledObject shop/web",
    "action    none: left as it is",
    "decision  2, 1970-01-01T00:00:00Z",
    "of        HorizontalPodAutoscaler shop/web",
    "action    none: left as it is",
  ]);
  expect(recordsIn(["so/web", objectWith({})], hpa).map(({ id }) => id)).toEqual(["2"]);
  expect(() => recordsIn(["so/web", objectWith({})], ["hpa/x", objectWith({})])).toThrow("so/web: no decision yet");
});

test("where only the id is kept, it is told where to look", () => {
  const [first, second] = decisionLines(recordIn("nodeclaim/a", objectWith({ [decisionAnnotation]: "0123456789" })));
  expect(first).toBe("decision  0123456789");
  expect(second).toContain("the controller's log");
});

test.each([
  ["no annotation", {}, "hpa/web: no decision yet"],
  ["no JSON", { [decisionRecordAnnotation]: "{" }, "found {, expected a decision"],
  ["no record", { [decisionRecordAnnotation]: "null" }, "found null, expected a decision"],
])("%s is an error that says so", (_, annotations, message) => {
  expect(() => recordIn("hpa/web", objectWith(annotations))).toThrow(message);
});

test.each([
  ["hpa/web", { autoscaling: "1" }, "autoscaling"],
  ["hpa/web", { "autoscaling.bellows.dev": "1" }, "autoscaling.bellows.dev"],
  ["hpa/web", { autoscaling: undefined, "autoscaling.bellows.dev": "1" }, "autoscaling.bellows.dev"],
  ["hpa/web", { autoscaling: "1", "autoscaling.bellows.dev": "1" }, "autoscaling"],
  ["bhpa/web", { autoscaling: "1", "autoscaling.bellows.dev": "1" }, "autoscaling.bellows.dev"],
  ["hpa.autoscaling.bellows.dev/web", { autoscaling: "1", "autoscaling.bellows.dev": "1" }, "autoscaling.bellows.dev"],
])("%s among %j is that of %s", async (what, decisions: Record<string, string | undefined>, group) => {
  const find = async (kind: Kind) =>
    kind.group in decisions
      ? { apiVersion: kind.group, ...objectWith({ [decisionAnnotation]: decisions[kind.group] ?? "" }) }
      : undefined;
  expect(await objectNamed({ find: find as never }, what, "shop")).toMatchObject({ apiVersion: group });
});

test("an object that is not there is told as kubectl tells it", async () => {
  await expect(objectNamed({ find: async () => undefined }, "hpa/web", "shop")).rejects.toThrow(
    'horizontalpodautoscalers.autoscaling "web" not found',
  );
});
