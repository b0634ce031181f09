import type { KubernetesObject } from "@bellows/api";
import { Event as EventKind } from "@bellows/api";
import type { Client } from "@bellows/kube";
import { parseJsonPath } from "../api-server/table/json-path.ts";
import type { ComponentLogs } from "../cluster/component-logs.ts";
import { meets } from "./expectation.ts";
import { kindNamed } from "./kubectl.ts";
import type { ExpectedValue, ScenarioCheck } from "./scenario.ts";

/** What a check saw at one moment, and whether it was as expected. */
export interface Observation {
  readonly met: boolean;
  /** In words, for the timeline: `status.readyReplicas is 6`. */
  readonly seen: string;
}

/** What is looked at of the logs. */
type Logs = Pick<ComponentLogs, "components" | "of">;

/** Looks once at what a check is about. */
export async function observe(check: ScenarioCheck, client: Client, logs: Logs): Promise<Observation> {
  if (check.object !== undefined) return observeObject(check, check.object, client);
  if (check.count !== undefined) return observeCount(check, check.count, client);
  if (check.event !== undefined) return observeEvent(check, check.event, client);
  return observeLog(check.log as NonNullable<ScenarioCheck["log"]>, logs);
}

async function observeObject(check: ScenarioCheck, target: string, client: Client): Promise<Observation> {
  const [kindName = "", name = ""] = target.split("/");
  const kind = await kindNamed(client, kindName);
  const key = kind.scope === "Namespaced" ? { namespace: check.namespace, name } : { name };
  const object = await client.find(kind, key);
  if (check.expect === "absent")
    return { met: object === undefined, seen: object ? `${target} is there` : `${target} is absent` };
  if (!object) return { met: false, seen: `${target} is absent` };
  if (check.expect === undefined || check.expect === "present") return { met: true, seen: `${target} is there` };
  return fieldsOf(object, check.expect);
}

function fieldsOf(object: KubernetesObject, expected: ScenarioCheck["expect"]): Observation {
  if (typeof expected !== "object") throw new Error("expect: an object check expects fields by their paths");
  const seen = Object.entries(expected).map(([path, wanted]) => ({ path, value: valueAt(object, path), wanted }));
  return {
    met: seen.every(({ value, wanted }) => meets(value, wanted)),
    seen: seen
      .map(({ path, value }) => `${path} is ${value === undefined ? "absent" : JSON.stringify(value)}`)
      .join(", "),
  };
}

const valueAt = (object: unknown, path: string): unknown => parseJsonPath(path)(object)[0];

async function observeCount(check: ScenarioCheck, kindName: string, client: Client): Promise<Observation> {
  const kind = await kindNamed(client, kindName);
  const where = {
    ...(kind.scope === "Namespaced" && { namespace: check.namespace }),
    ...(check.selector !== undefined && { labelSelector: check.selector }),
  };
  const { items } = await client.listAll(kind, where);
  return { met: meets(items.length, check.expect as ExpectedValue), seen: `${items.length} ${kind.plural}` };
}

async function observeEvent(
  check: ScenarioCheck,
  wanted: NonNullable<ScenarioCheck["event"]>,
  client: Client,
): Promise<Observation> {
  const { items } = await client.listAll(EventKind, {});
  const [kind, name] = wanted.object?.split("/") ?? [];
  const found = items.filter(
    (event) =>
      event.reason === wanted.reason &&
      (kind === undefined || event.involvedObject.kind?.toLowerCase() === kind.toLowerCase()) &&
      (name === undefined || name === "" || event.involvedObject.name === name) &&
      (wanted.message === undefined || meets(event.message, wanted.message)),
  );
  const absent = check.expect === "absent";
  return { met: absent ? found.length === 0 : found.length > 0, seen: found.at(-1)?.message ?? "no such event" };
}

function observeLog(wanted: NonNullable<ScenarioCheck["log"]>, logs: Logs): Observation {
  for (const component of logs.components()) {
    for (const { text } of logs.of(component)) {
      const line = JSON.parse(text) as Record<string, unknown>;
      if (line["message"] !== wanted.message) continue;
      const fields = Object.entries(wanted.fields ?? {});
      if (fields.every(([path, expected]) => meets(valueAt(line, path), expected))) return { met: true, seen: text };
    }
  }
  return { met: false, seen: "no such line" };
}
