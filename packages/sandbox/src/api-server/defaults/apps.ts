import type { JsonObject } from "../json-value.ts";
import { type Defaulter, fill, fillZero, withinAlways, withinEach } from "./fill.ts";
import { persistentVolumeClaimDefaults } from "./persistent-volume-claim.ts";
import { podTemplateDefaults } from "./pod.ts";

const inSpec =
  (change: Defaulter): Defaulter =>
  (object) =>
    withinAlways(object, "spec", (spec) => change(withinAlways(spec, "template", podTemplateDefaults)));

const rollingUpdate = (strategy: JsonObject, defaults: JsonObject): JsonObject =>
  strategy["type"] === "RollingUpdate"
    ? withinAlways(strategy, "rollingUpdate", (rolling) => fill(rolling, defaults))
    : strategy;

const deploymentSpec: Defaulter = (spec) => {
  const filled = fill(spec, { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 });
  return withinAlways(filled, "strategy", (strategy) =>
    rollingUpdate(fillZero(strategy, { type: "RollingUpdate" }), { maxUnavailable: "25%", maxSurge: "25%" }),
  );
};

const daemonSetSpec: Defaulter = (spec) =>
  withinAlways(fill(spec, { revisionHistoryLimit: 10 }), "updateStrategy", (strategy) =>
    rollingUpdate(fillZero(strategy, { type: "RollingUpdate" }), { maxUnavailable: 1, maxSurge: 0 }),
  );

const statefulSetSpec: Defaulter = (spec) => {
  let result = fillZero(spec, { podManagementPolicy: "OrderedReady" });
  result = fill(result, { replicas: 1, revisionHistoryLimit: 10 });
  result = withinAlways(result, "updateStrategy", statefulSetStrategy);
  result = withinAlways(result, "persistentVolumeClaimRetentionPolicy", (policy) =>
    fillZero(policy, { whenDeleted: "Retain", whenScaled: "Retain" }),
  );
  return withinEach(result, "volumeClaimTemplates", claimTemplate);
};

function statefulSetStrategy(strategy: JsonObject): JsonObject {
  const typed = strategy["type"] ? strategy : fill({ ...strategy, type: "RollingUpdate" }, { rollingUpdate: {} });
  // An explicit RollingUpdate without parameters is left without them.
  return typed["rollingUpdate"] === undefined ? typed : rollingUpdate(typed, { partition: 0 });
}

/** The claims of a StatefulSet are whole objects, so that they name their own kind. */
const claimTemplate: Defaulter = (claim) =>
  persistentVolumeClaimDefaults(fillZero(claim, { apiVersion: "v1", kind: "PersistentVolumeClaim" }));

export const appsDefaults: Readonly<Record<string, Defaulter>> = {
  Deployment: inSpec(deploymentSpec),
  ReplicaSet: inSpec((spec) => fill(spec, { replicas: 1 })),
  DaemonSet: inSpec(daemonSetSpec),
  StatefulSet: inSpec(statefulSetSpec),
};
