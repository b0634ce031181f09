import { knowinglyDifferentParts } from "../known-differences.ts";
import { Conversation, type Json } from "./conversation.ts";
import { differences } from "./difference.ts";
import { normalised } from "./normalise.ts";
import { type Call, randomCalls } from "./random-calls.ts";
import { type Subject, subjects, widgetDefinition } from "./random-subjects.ts";
import { makeNamespace } from "./run-cases.ts";
import { send, type Target } from "./target.ts";

export interface DifferentialOptions {
  readonly real: Target;
  readonly sandbox: Target;
  readonly seed: number;
  readonly sequences: number;
  /** How many calls a sequence has. */
  readonly calls?: number | undefined;
  readonly print: (line: string) => void;
  /** No further sequence begins once it has aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** The answers without what is known to differ in them. */
function withoutKnown(value: Json): Json {
  if (typeof value === "string")
    return knowinglyDifferentParts.reduce((text, { where, standIn }) => text.replace(where, standIn), value);
  if (Array.isArray(value)) return value.map(withoutKnown);
  if (!value || typeof value !== "object") return value;
  // What is null in Go is left out by the sandbox.
  const given = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(given.map(([key, inner]) => [key, withoutKnown(inner)]));
}

const callsPerSequence = 14;
const beside = 4;
/** Of sequences that part the servers; shrinking takes time. */
const mostShown = 40;

/**
 * Sends generated sequences of calls to both servers and compares what they answer, and what a watch told meanwhile. A
 * sequence that parts them is shrunk, and printed with the command that repeats it. Returns how many did.
 */
export async function differential(options: DifferentialOptions): Promise<number> {
  const { real, sandbox, seed, sequences, calls: length = callsPerSequence, print, signal } = options;
  let failed = 0;
  let round = 0;
  const fresh = () =>
    `d${(seed % 100_000).toString(36)}${Math.floor(performance.now() * 1000).toString(36)}${(round++).toString(36)}`;
  const both = async (calls: readonly Call[], ns: string): Promise<string[]> => {
    const [a, b] = await Promise.all([answers(real, calls, ns), answers(sandbox, calls, ns)]);
    return differences(a, b, 3);
  };
  const queue = Array.from({ length: sequences }, (_, at) => seed + at)[Symbol.iterator]();
  const worker = async () => {
    for (const own of queue) {
      if (signal?.aborted) return;
      const found = await both(randomCalls(own, length, "NAMESPACE"), fresh());
      if (found.length === 0) continue;
      failed++;
      if (failed > mostShown) continue;
      const calls = await shrunk(
        randomCalls(own, length, "NAMESPACE"),
        async (some) => (await both(some, fresh())).length > 0,
      );
      const again = await both(calls, fresh());
      print(
        `✗ differential: seed ${own}; repeat with: node e2e/conformance/run.ts --kubeconfig FILE --seed ${own} --sequences 1${length === callsPerSequence ? "" : ` --calls ${length}`} --area none`,
      );
      for (const { method, path, type, body } of calls)
        print(`    ${method}${type ? ` (${type})` : ""} ${path} ${body === undefined ? "" : JSON.stringify(body)}`);
      for (const line of again.length > 0 ? again : found) print(`    ${line}`);
    }
  };
  await Promise.all(Array.from({ length: beside }, worker));
  return failed;
}

/** Leaves out one call after another, as long as the servers still part. */
async function shrunk(
  calls: readonly Call[],
  parts: (calls: readonly Call[]) => Promise<boolean>,
): Promise<readonly Call[]> {
  let kept = calls;
  for (let at = kept.length - 1; at >= 0; at--) {
    const fewer = kept.filter((_, index) => index !== at);
    if (await parts(fewer)) kept = fewer;
  }
  return kept;
}

async function answers(target: Target, calls: readonly Call[], ns: string): Promise<Json> {
  const talk = new Conversation(target, ns);
  const here = (value: Json): Json =>
    value === undefined ? undefined : JSON.parse(JSON.stringify(value).replaceAll("NAMESPACE", ns));
  try {
    await makeNamespace(target, ns);
    if (calls.some(({ path }) => path.startsWith("widgets"))) {
      talk.deleteAtEnd(`customresourcedefinitions/widgets.${ns}.example.com`);
      await talk.given("customresourcedefinitions", widgetDefinition(ns));
      await talk.until("widgets", (_, status) => status === 200);
    }
    // What controllers write too is told at times of their own.
    const watched = [...new Set(calls.map(({ path }) => path.split(/[/?]/)[0] as string))].filter(
      (plural) => !["deployments", "poddisruptionbudgets", "services"].includes(plural),
    );
    const watches = [];
    for (const plural of watched)
      watches.push({
        plural,
        watch: await talk.watch(
          // From whatever the server's cache knows by now, which is behind for new kinds.
          `${plural}?resourceVersion=0`,
          ({ metadata, kind, message }) => (ofController(metadata) ? undefined : [kind, metadata?.name ?? message]),
        ),
      });
    for (const { method, path, type, body } of calls) {
      const show = (answer: Json) =>
        answer?.kind?.endsWith("List")
          ? {
              ...answer,
              items: answer.items
                .filter((one: Json) => !ofController(one.metadata))
                .map((one: Json) => stripped({ ...one, kind: answer.kind.slice(0, -4) })),
            }
          : stripped(answer);
      const asked = here(body);
      if (type) await talk.patch(type, path, asked, { show });
      else await talk.ask(method, path, asked, { show });
      // The garbage collector ends it, at a time of its own.
      if (body?.propagationPolicy) await collected(talk, path);
    }
    for (const { plural, watch } of watches) {
      const { apiVersion, kind, base } = subjects.find((one) => one.plural === plural) as Subject;
      await talk.given(plural, { apiVersion: apiVersion(ns), kind, metadata: { name: "marker" }, ...base });
      await watch.eventsBefore("marker");
    }
  } catch (error) {
    talk.note("broke", String(error));
  } finally {
    await release(target, calls, ns);
    await talk.end();
    void send(target, { method: "DELETE", path: `/api/v1/namespaces/${ns}` }).catch(() => undefined);
  }
  return withoutKnown(normalised(talk.entries, ns));
}

/** Takes away the finalizers that calls have left, which would keep a server busy with deletions for long. */
async function release(target: Target, calls: readonly Call[], ns: string): Promise<void> {
  const talk = new Conversation(target, ns);
  for (const plural of new Set(calls.map(({ path }) => path.split(/[/?]/)[0] as string)))
    for (const { metadata } of (await talk.peek(plural)).items ?? [])
      if (metadata.finalizers)
        await talk.patch("merge", `${plural}/${metadata.name}`, { metadata: { finalizers: null } });
}

/** What controllers make of a namespace and of its Services, at times of their own; generated calls generate no names. */
const ofController = (metadata: Json): boolean =>
  metadata?.name === "kube-root-ca.crt" || Boolean(metadata?.generateName);

/** Waits until no collector holds an object any more. */
const collected = (talk: Conversation, path: string): Promise<void> =>
  talk.awaited(`the end of ${path}`, async () => {
    const { finalizers = [] } = (await talk.peek(path)).metadata ?? {};
    return !finalizers.includes("foregroundDeletion") && !finalizers.includes("orphan");
  });

/** Without managed fields and what controllers write at a time of their own. */
function stripped(value: Json): Json {
  if (!value?.metadata || value.kind === "Status") return value;
  const { managedFields: _, annotations, ...metadata } = value.metadata;
  const { "deployment.kubernetes.io/revision": __, ...kept } = annotations ?? {};
  // A Deployment's counts annotations, which its controller writes.
  if (value.kind === "Deployment") delete metadata.generation;
  const { status, ...rest } = value;
  // Of a Service that became an ExternalName it is there or not by the way in which it was read.
  if (value.kind === "Service" && rest.spec) rest.spec = { ...rest.spec, internalTrafficPolicy: undefined };
  const keepsStatus = !["Deployment", "PodDisruptionBudget", "Service", "Scale"].includes(value.kind);
  return {
    ...rest,
    metadata: { ...metadata, ...(Object.keys(kept).length > 0 && { annotations: kept }) },
    ...(keepsStatus && status !== undefined && { status }),
  };
}
