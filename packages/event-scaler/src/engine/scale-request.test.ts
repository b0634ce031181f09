import type { ScaledObject } from "@bellows/api";
import fc from "fast-check";
import { expect, test } from "vitest";
import { cooldownEndsAt, decideScaleRequest, type ScaleRequest, triggersActivity } from "./scale-request.ts";

type Spec = NonNullable<ScaledObject["spec"]>;
type Status = NonNullable<ScaledObject["status"]>;

const now = Date.parse("2026-01-01T12:00:00Z");
const before = (seconds: number) => new Date(now - seconds * 1000).toISOString().replace(".000", "");
const annotation = (name: string, value = "true") => ({ [`autoscaling.keda.sh/${name}`]: value });

interface Situation {
  readonly spec?: Partial<Spec>;
  readonly status?: Partial<Status>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly created?: string;
  readonly replicas: number;
  readonly active?: boolean;
  readonly failing?: boolean;
  readonly triggers?: readonly string[];
}

function requestOf(situation: Situation): ScaleRequest {
  const { spec, status, annotations = {}, created = before(3600), replicas } = situation;
  return {
    scaledObject: {
      metadata: { name: "so", namespace: "default", creationTimestamp: created, annotations },
      spec: { scaleTargetRef: { name: "web" }, triggers: [{ type: "cron", metadata: {} }], ...spec },
      status: { scaleTargetKind: "apps/v1.Deployment", ...status },
    },
    currentReplicas: replicas,
    active: situation.active ?? false,
    failing: situation.failing ?? false,
    activeTriggers: situation.triggers ?? [],
    now,
  };
}

interface Case extends Situation {
  readonly name: string;
  readonly reason: string;
  /** The replicas that are written. */
  readonly to?: number;
}

const fallback = { failureThreshold: 3, replicas: 5, behavior: "static" } as const;

const cases: readonly Case[] = [
  { name: "active at zero goes to one", replicas: 0, active: true, reason: "Activated", to: 1 },
  {
    name: "active at zero goes to the minimum",
    spec: { minReplicaCount: 3 },
    replicas: 0,
    active: true,
    reason: "Activated",
    to: 3,
  },
  {
    name: "active when idle goes to the minimum",
    spec: { minReplicaCount: 5, idleReplicaCount: 2 },
    replicas: 2,
    active: true,
    reason: "Activated",
    to: 5,
  },
  {
    name: "active below the minimum without idle is the HPA's",
    spec: { minReplicaCount: 5 },
    replicas: 2,
    active: true,
    reason: "Active",
  },
  { name: "active and running is the HPA's", replicas: 3, active: true, reason: "Active" },
  {
    name: "active and running, though a trigger fails",
    replicas: 3,
    active: true,
    failing: true,
    reason: "PartialTriggerError",
  },
  {
    name: "active at zero though a trigger fails",
    replicas: 0,
    active: true,
    failing: true,
    reason: "Activated",
    to: 1,
  },
  {
    name: "active with scaling out held",
    annotations: annotation("paused-scale-out"),
    replicas: 0,
    active: true,
    reason: "ScaleOutPaused",
  },
  { name: "inactive and never active goes to zero", replicas: 3, reason: "Deactivated", to: 0 },
  {
    name: "inactive goes to zero after the cooldown",
    status: { lastActiveTime: before(301) },
    replicas: 3,
    reason: "Deactivated",
    to: 0,
  },
  {
    name: "inactive within the cooldown stays",
    status: { lastActiveTime: before(299) },
    replicas: 3,
    reason: "CoolingDown",
  },
  {
    name: "at the very end of the cooldown it still stays",
    status: { lastActiveTime: before(300) },
    replicas: 3,
    reason: "CoolingDown",
  },
  {
    name: "a cooldown of its own",
    spec: { cooldownPeriod: 10 },
    status: { lastActiveTime: before(11) },
    replicas: 3,
    reason: "Deactivated",
    to: 0,
  },
  {
    name: "young and never active stays for the initial cooldown",
    spec: { initialCooldownPeriod: 60 },
    created: before(30),
    replicas: 3,
    reason: "CoolingDown",
  },
  {
    name: "the initial cooldown is over",
    spec: { initialCooldownPeriod: 60 },
    created: before(61),
    replicas: 3,
    reason: "Deactivated",
    to: 0,
  },
  {
    name: "inactive goes to idle",
    spec: { minReplicaCount: 5, idleReplicaCount: 2 },
    replicas: 8,
    reason: "Deactivated",
    to: 2,
  },
  {
    name: "idle may be nothing",
    spec: { minReplicaCount: 5, idleReplicaCount: 0 },
    replicas: 10,
    reason: "Deactivated",
    to: 0,
  },
  {
    name: "idle without a minimum",
    spec: { idleReplicaCount: 3 },
    replicas: 8,
    reason: "Deactivated",
    to: 3,
  },
  {
    name: "active at idle with scaling out held",
    spec: { minReplicaCount: 5, idleReplicaCount: 0 },
    annotations: annotation("paused-scale-out"),
    replicas: 0,
    active: true,
    reason: "ScaleOutPaused",
  },
  {
    name: "inactive above idle with scaling in held",
    spec: { minReplicaCount: 5, idleReplicaCount: 0 },
    annotations: annotation("paused-scale-in"),
    replicas: 10,
    reason: "ScaleInPaused",
  },
  {
    name: "inactive and idle stays",
    spec: { minReplicaCount: 5, idleReplicaCount: 2 },
    replicas: 2,
    reason: "NoChange",
  },
  {
    name: "inactive with a minimum is the HPA's",
    spec: { minReplicaCount: 2 },
    replicas: 8,
    reason: "NoChange",
  },
  {
    name: "inactive below the minimum is raised",
    spec: { minReplicaCount: 2 },
    replicas: 1,
    reason: "RaisedToMinimum",
    to: 2,
  },
  { name: "inactive at zero stays", replicas: 0, reason: "NoChange" },
  {
    name: "inactive with scaling in held",
    annotations: annotation("paused-scale-in"),
    replicas: 3,
    reason: "ScaleInPaused",
  },
  { name: "failing without a fallback stays", replicas: 3, failing: true, reason: "TriggerError" },
  { name: "failing with a fallback stays", spec: { fallback }, replicas: 3, failing: true, reason: "AwaitingFallback" },
  {
    name: "failing with a fallback to nothing goes to zero",
    spec: { fallback: { ...fallback, replicas: 0 } },
    replicas: 3,
    failing: true,
    reason: "Deactivated",
    to: 0,
  },
  { name: "paused stays", annotations: annotation("paused"), replicas: 0, active: true, reason: "Paused" },
  {
    name: "paused with a number stays",
    annotations: annotation("paused-replicas", "4"),
    replicas: 0,
    active: true,
    reason: "Paused",
  },
  {
    name: "paused that says false is not",
    annotations: annotation("paused", "false"),
    replicas: 0,
    active: true,
    reason: "Activated",
    to: 1,
  },
  {
    name: "a forced activation",
    annotations: annotation("force-activation"),
    replicas: 0,
    reason: "Activated",
    to: 1,
  },
  {
    name: "a forced activation that is not said in a boolean",
    annotations: annotation("force-activation", "please"),
    replicas: 0,
    reason: "Activated",
    to: 1,
  },
];

test.each(cases)("$name", ({ reason, to, ...situation }) => {
  const decision = decideScaleRequest(requestOf(situation));
  expect({ reason: decision.reason, to: decision.action?.replicas }).toEqual({ reason, to });
});

const saying = (situation: Situation) =>
  decideScaleRequest(requestOf(situation)).conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`);

test.each([
  [{ replicas: 3, active: true }, ["Ready=True ScaledObjectReady", "Active=True ScalerActive"]],
  [{ replicas: 3, active: true, failing: true }, ["Ready=Unknown PartialTriggerError", "Active=True ScalerActive"]],
  [{ replicas: 3, failing: true }, ["Ready=False TriggerError", "Active=False ScalerNotActive"]],
  [
    { replicas: 3, failing: true, spec: { fallback } },
    ["Ready=True ScaledObjectReady", "Active=False ScalerNotActive"],
  ],
  [
    { replicas: 3, status: { lastActiveTime: before(1) } },
    ["Ready=True ScaledObjectReady", "Active=False ScalerCooldown"],
  ],
  // Held in one direction it is still said whether triggers are active.
  [
    { replicas: 0, active: true, annotations: annotation("paused-scale-out") },
    ["Ready=True ScaledObjectReady", "Active=True ScalerActive"],
  ],
  [
    { replicas: 10, annotations: annotation("paused-scale-in") },
    ["Ready=True ScaledObjectReady", "Active=False ScalerNotActive"],
  ],
  [
    { replicas: 0, annotations: annotation("paused-replicas", "0"), active: true },
    ["Ready=True ScaledObjectReady", "Paused=True ScaledObjectPaused"],
  ],
  [
    { replicas: 3, annotations: annotation("paused") },
    ["Ready=True ScaledObjectReady", "Paused=True ScaledObjectPaused"],
  ],
])("%o says %o", (situation, conditions) => {
  expect(saying(situation)).toEqual(conditions);
});

test.each<[string, Situation, boolean]>([
  ["a target that runs and is active", { replicas: 3, active: true }, true],
  ["an activation", { replicas: 0, active: true }, true],
  ["a forced activation", { replicas: 0, annotations: annotation("force-activation") }, true],
  ["an activation from idle", { replicas: 0, active: true, spec: { minReplicaCount: 5, idleReplicaCount: 0 } }, true],
  ["an activation that is held", { replicas: 0, active: true, annotations: annotation("paused-scale-out") }, false],
  ["an active target of which a trigger fails", { replicas: 3, active: true, failing: true }, false],
  ["a deactivation", { replicas: 3 }, false],
  ["a target that is raised to its minimum", { replicas: 1, spec: { minReplicaCount: 5 } }, false],
])("after %s the target was last active now: %s", (_, situation, expected) => {
  const { touchesLastActive, action } = decideScaleRequest(requestOf(situation));
  expect(touchesLastActive || action?.written.touchesLastActive === true).toBe(expected);
  expect(action?.refused.touchesLastActive ?? false).toBe(false);
});

test("what is written is told with the triggers that asked for it", () => {
  const { action } = decideScaleRequest(requestOf({ replicas: 0, active: true, triggers: ["s0-a", "s1-b"] }));
  expect(action?.written).toEqual({
    event: {
      type: "Normal",
      reason: "KEDAScaleTargetActivated",
      message: "Scaled apps/v1.Deployment default/web from 0 to 1, triggered by s0-a;s1-b",
    },
    touchesLastActive: true,
  });
  expect(action?.refused).toEqual({
    event: {
      type: "Warning",
      reason: "KEDAScaleTargetActivationFailed",
      message: "Failed to scale apps/v1.Deployment default/web from 0 to 1",
    },
    touchesLastActive: false,
  });
});

test("a forced activation is told as such", () => {
  const { action } = decideScaleRequest(requestOf({ replicas: 0, annotations: annotation("force-activation") }));
  expect(action?.written.event?.message).toBe(
    "Scaled apps/v1.Deployment default/web from 0 to 1, caused by forced activation annotation",
  );
});

test("a deactivation is told", () => {
  const { action } = decideScaleRequest(requestOf({ replicas: 3 }));
  expect(action?.written.event?.message).toBe("Deactivated apps/v1.Deployment default/web from 3 to 0");
  expect(action?.refused.event?.reason).toBe("KEDAScaleTargetDeactivationFailed");
});

test("a cooldown says when it is over, and then it is", () => {
  const request = requestOf({ replicas: 3, status: { lastActiveTime: before(100) } });
  const { lookAgainAt } = decideScaleRequest(request);
  expect(lookAgainAt).toBe(now + 200_001);
  expect(decideScaleRequest({ ...request, now: lookAgainAt as number }).reason).toBe("Deactivated");
  expect(decideScaleRequest({ ...request, now: (lookAgainAt as number) - 1 }).reason).toBe("CoolingDown");
});

test("a reading tells of all triggers, a push of one", () => {
  const { scaledObject } = requestOf({
    replicas: 1,
    status: { externalMetricNames: ["s0-a", "s1-b"], triggersActivity: { "s0-a": { isActive: true } } },
  });
  expect(triggersActivity(scaledObject, ["s1-b"])).toEqual({ "s0-a": { isActive: false }, "s1-b": { isActive: true } });
  expect(triggersActivity(scaledObject, ["s1-b"], ["s1-b"])).toEqual({
    "s0-a": { isActive: true },
    "s1-b": { isActive: true },
  });
});

test("a push that its source takes back is told of its trigger alone", () => {
  const activity = { a: { isActive: true }, b: { isActive: false }, c: { isActive: true } };
  const { scaledObject } = requestOf({ replicas: 1, status: { triggersActivity: activity } });
  expect(triggersActivity(scaledObject, [], ["a"])).toEqual({ ...activity, a: { isActive: false } });
  expect(triggersActivity(scaledObject, ["b"], ["b"])).toEqual({ ...activity, b: { isActive: true } });
});

const [on, off] = [{ isActive: true }, { isActive: false }];
test.each([
  {
    name: "a trigger is new",
    names: ["a", "b", "new"],
    before: {},
    active: ["a", "new"],
    is: { a: on, b: off, new: on },
  },
  {
    name: "a trigger is gone",
    names: ["a", "c"],
    before: { a: on, b: on, c: off },
    active: ["a"],
    is: { a: on, c: off },
  },
  {
    name: "a trigger has another's place",
    names: ["a", "new"],
    before: { a: on, old: on },
    active: ["new"],
    is: { a: off, new: on },
  },
  { name: "there are no metrics", names: [], before: {}, active: [], is: {} },
])("a reading tells of the triggers that there are: $name", ({ names, before: triggersActivityBefore, active, is }) => {
  const status = { externalMetricNames: names, triggersActivity: triggersActivityBefore as Record<string, typeof on> };
  expect(triggersActivity(requestOf({ replicas: 1, status }).scaledObject, active)).toEqual(is);
});

const count = fc.option(fc.nat(20), { nil: undefined });
const situations = fc.record({
  replicas: fc.nat(30),
  active: fc.boolean(),
  failing: fc.boolean(),
  min: count,
  idle: count,
  cooldown: count,
  lastActive: fc.option(fc.nat(600), { nil: undefined }),
  threshold: count,
});

const randomRequest = fc.record({ situation: situations }).map(({ situation }) => {
  const { replicas, active, failing, min, idle, cooldown, lastActive, threshold } = situation;
  return requestOf({
    replicas,
    active,
    failing,
    spec: {
      ...(min !== undefined && { minReplicaCount: min }),
      ...(idle !== undefined && { idleReplicaCount: idle }),
      ...(cooldown !== undefined && { cooldownPeriod: cooldown }),
      ...(threshold !== undefined && { fallback: { ...fallback, failureThreshold: threshold } }),
    },
    status: lastActive === undefined ? {} : { lastActiveTime: before(lastActive) },
  });
});

test("a trigger that can't be read never takes replicas away", () => {
  fc.assert(
    fc.property(randomRequest, (request) => {
      const { action } = decideScaleRequest({ ...request, active: false, failing: true });
      expect(action?.replicas ?? request.currentReplicas).toBeGreaterThanOrEqual(request.currentReplicas);
    }),
  );
});

test("nothing is taken away before the cooldown is over, nor while a trigger is active", () => {
  fc.assert(
    fc.property(randomRequest, (request) => {
      const to = decideScaleRequest(request).action?.replicas ?? request.currentReplicas;
      if (to < request.currentReplicas) {
        expect(request.active).toBe(false);
        expect(cooldownEndsAt(request.scaledObject)).toBeLessThan(request.now);
      }
    }),
  );
});

test("having done what was decided, nothing more is to be written", () => {
  fc.assert(
    fc.property(randomRequest, (request) => {
      const { idleReplicaCount: idle, minReplicaCount: min = 0 } = request.scaledObject.spec ?? {};
      // The webhook and the controller refuse idle replicas that are not fewer.
      fc.pre(idle === undefined || idle < min);
      const { action } = decideScaleRequest(request);
      if (action) {
        expect(decideScaleRequest({ ...request, currentReplicas: action.replicas }).action).toBeUndefined();
      }
    }),
  );
});
