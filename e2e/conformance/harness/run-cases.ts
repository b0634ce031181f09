import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Area, Case } from "./case.ts";
import { Conversation, type Json } from "./conversation.ts";
import { normalised } from "./normalise.ts";
import { send, type Target } from "./target.ts";

/** What one server said to each case of each area, normalised. */
export type Results = ReadonlyMap<string, ReadonlyMap<string, Json>>;

/** Stands for the rest of a case that threw. */
export const brokeStep = "the case broke";

export interface RunOptions {
  readonly only?: (area: Area, one: Case) => boolean;
  /** How many cases run at the same time. */
  readonly beside?: number;
  /** No further case begins once it has aborted. */
  readonly signal?: AbortSignal | undefined;
  /** Told how long each case took. */
  readonly timed?: (area: Area, one: Case, ms: number) => void;
}

/** Runs every case of the areas against one server. */
export async function runCases(
  target: Target,
  areas: readonly Area[],
  { only, beside = 6, signal, timed }: RunOptions = {},
): Promise<Results> {
  const results = new Map<string, Map<string, Json>>();
  const runId = createHash("sha256").update(`${target.url} ${performance.now()}`).digest("hex").slice(0, 5);
  const made: string[] = [];
  const runOne = async (area: Area, one: Case) => {
    if (signal?.aborted) return;
    const number = createHash("sha256").update(`${area.name}/${one.name}`).digest("hex").slice(0, 8);
    const ns = `c${runId}${number}`;
    if (!one.clusterOnly) made.push(ns);
    const beganAt = performance.now();
    results.get(area.name)?.set(one.name, await answersTo(target, one, ns));
    timed?.(area, one, performance.now() - beganAt);
  };
  const wanted = areas.map((area) => ({
    area,
    cases: area.cases.filter((one) => (!only || only(area, one)) && possible(target, one)),
  }));
  for (const { area } of wanted) results.set(area.name, new Map());
  // First those that see the whole cluster, while it is empty; each takes its pods away again.
  for (const { area, cases } of wanted)
    if (area.alone && !area.cases.some(({ needsCompaction }) => needsCompaction))
      for (const one of cases) {
        await runOne(area, one);
        const path = `/api/v1/namespaces/${made.at(-1)}/pods?gracePeriodSeconds=0`;
        if (!one.clusterOnly) await send(target, { method: "DELETE", path });
      }
  const together = wanted
    .filter(({ area }) => !area.alone)
    .flatMap(({ area, cases }) => cases.map((one) => ({ area, one })));
  const queue = together[Symbol.iterator]();
  const prepared = preparations(target, `c${runId}`);
  await Promise.all(
    Array.from({ length: beside }, async () => {
      for (const { area, one } of queue) {
        await prepared.of(area);
        await runOne(area, one);
      }
    }),
  );
  await prepared.end();
  // What has expired is asked for when there is a past.
  for (const { area, cases } of wanted)
    if (area.cases.some(({ needsCompaction }) => needsCompaction)) for (const one of cases) await runOne(area, one);
  // All at the end: a namespace controller that is busy deleting would keep cases waiting.
  const remove = (ns: string) => send(target, { method: "DELETE", path: `/api/v1/namespaces/${ns}` });
  await Promise.allSettled(made.map(remove));
  return results;
}

/** What areas have made for their cases, once each. */
function preparations(target: Target, name: string) {
  const begun = new Map<Area, Promise<Conversation>>();
  const begin = async ({ name: area, prepare }: Area) => {
    const talk = new Conversation(target, name);
    await prepare?.(talk);
    const problem = talk.entries.find(({ status = 0 }) => status >= 400 && status !== 409);
    if (problem) throw new Error(`${area}: ${JSON.stringify(problem)}`);
    return talk;
  };
  return {
    async of(area: Area): Promise<void> {
      if (!begun.has(area)) begun.set(area, begin(area));
      await begun.get(area);
    },
    async end(): Promise<void> {
      for (const talk of begun.values()) await (await talk).end();
    },
  };
}

async function answersTo(target: Target, one: Case, ns: string): Promise<Json> {
  const talk = new Conversation(target, ns);
  try {
    if (!one.clusterOnly) await makeNamespace(target, ns);
    if (one.needsCompaction) await target.compact?.();
    await one.run(talk);
  } catch (error) {
    talk.note(brokeStep, error instanceof Error ? error.message : String(error));
  } finally {
    await talk.end();
  }
  return normalised(talk.entries, ns);
}

/** A namespace with what its controllers put there: a service account and the root certificate. */
export async function makeNamespace(target: Target, ns: string): Promise<void> {
  await send(target, {
    method: "POST",
    path: "/api/v1/namespaces",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ metadata: { name: ns } }),
  });
  for (let tries = 0; tries < 4000; tries++) {
    const path = `/api/v1/namespaces/${ns}`;
    const made = await Promise.all(
      ["serviceaccounts/default", "configmaps/kube-root-ca.crt"].map((name) =>
        send(target, { method: "GET", path: `${path}/${name}` }),
      ),
    );
    if (made.every(({ status }) => status === 200)) return;
    await sleep(25);
  }
  throw new Error(`namespace ${ns}: neither ServiceAccount nor root certificate has been made`);
}

const possible = (target: Target, one: Case): boolean =>
  (!one.needsCompaction || target.compact !== undefined) && (!one.needsProgress || target.reportsProgress !== false);
