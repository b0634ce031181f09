import { expect, test } from "vitest";
import { sharing, withSharedTexts } from "./sharing.ts";

const ready = { type: "Ready", status: "True", reason: "Fine" };
const object = (name: string) => ({
  metadata: { name, labels: { app: "web" }, finalizers: null },
  spec: { replicas: 3, paused: false, args: ["--address=0.0.0.0", "x".repeat(200)] },
  status: { conditions: [{ ...ready }, { ...ready, type: "Able", lastTransitionTime: "2026-01-01T00:00:00Z" }] },
});

test("an object with shared texts is the same object, frozen", () => {
  const shared = withSharedTexts(object("a"), sharing());
  expect(shared).toEqual(object("a"));
  for (const part of [shared, shared.metadata.labels, shared.spec.args, shared.status.conditions])
    expect(Object.isFrozen(part)).toBe(true);
});

test("conditions that are the same are one, unless they have a time", () => {
  const share = sharing();
  const [one, other] = [withSharedTexts(object("a"), share), withSharedTexts(object("b"), share)];
  expect(one.status.conditions[0]).toBe(other.status.conditions[0]);
  expect(one.status.conditions[1]).toEqual(other.status.conditions[1]);
  expect(other.metadata.name).toBe("b");
});

test("what is not JSON's object is left as it is", () => {
  const share = sharing();
  for (const value of [null, undefined, 3, true]) expect(withSharedTexts(value, share)).toBe(value);
});
