import {
  BellowsHorizontalPodAutoscaler,
  ClusterProportionalAutoscaler,
  type Decision,
  decisionAnnotation,
  decisionRecordAnnotation,
  HorizontalPodAutoscaler,
  type Kind,
  type KubernetesObject,
  NodeClaim,
  ScaledObject,
} from "@bellows/api";
import { type Client, createClient, kubeconfigTransport, systemClock, timestamp } from "@bellows/kube";

/** The kinds whose objects carry the decision that made or changed them. */
const kinds = [
  HorizontalPodAutoscaler,
  BellowsHorizontalPodAutoscaler,
  ScaledObject,
  ClusterProportionalAutoscaler,
  NodeClaim,
] as unknown as readonly Kind[];

export interface WhyOptions {
  readonly namespace?: string;
  readonly output: "text" | "json";
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** `bellows why`: prints the last decision about an object, `hpa/web`. */
export async function why(what: string, options: WhyOptions, print: (line: string) => void): Promise<void> {
  const transport = await kubeconfigTransport(options);
  try {
    const client = createClient(transport, { clock: systemClock, userAgent: "bellows-why" });
    const namespace = options.namespace ?? transport.namespace;
    const object = await objectNamed(client, what, namespace);
    const hpa = await hpaOf(client, object, namespace);
    const records = hpa ? recordsIn([what, object], [`hpa/${hpa.metadata.name}`, hpa]) : [recordIn(what, object)];
    if (options.output === "json") print(JSON.stringify(records.length === 1 ? records[0] : records, undefined, 2));
    else for (const line of records.flatMap(decisionLines)) print(line);
  } finally {
    await transport.close();
  }
}

/**
 * The object that is meant. Of two kinds of one name (`hpa/web`: autoscaling/v2 and its twin) the first whose object
 * carries a decision; `hpa.autoscaling.bellows.dev/web` names one of them.
 */
export async function objectNamed(
  client: Pick<Client, "find">,
  what: string,
  namespace: string,
): Promise<KubernetesObject> {
  const [type = "", name, ...rest] = what.split("/");
  const meant = kinds.filter((kind) => namesOf(kind).includes(type.toLowerCase()));
  if (meant.length === 0 || !name || rest.length > 0) {
    const expected = kinds.map(({ singular, shortNames: [short = singular] }) => `${short}/NAME`).join(" or ");
    throw new Error(`${JSON.stringify(what)}: expected ${expected}`);
  }
  let first: KubernetesObject | undefined;
  for (const kind of meant) {
    const key = kind.scope === "Namespaced" ? { namespace, name } : { name };
    const object = await client.find(kind, key);
    if (object?.metadata.annotations?.[decisionAnnotation]) return object;
    first ??= object;
  }
  if (first) return first;
  const [{ plural, group }] = meant as [Kind, ...Kind[]];
  throw new Error(`${plural}${group && `.${group}`} ${JSON.stringify(name)} not found`);
}

/** As kubectl takes them, each also with the group. */
function namesOf(kind: Kind): string[] {
  const names = [kind.plural, kind.singular, ...kind.shortNames];
  if ((kind as unknown) === BellowsHorizontalPodAutoscaler) names.push(...HorizontalPodAutoscaler.shortNames);
  return names.flatMap((name) => [name, `${name}.${kind.group}`]);
}

/** The HPA that scales between one and the maximum for a ScaledObject, where one does. */
async function hpaOf(
  client: Client,
  object: KubernetesObject,
  namespace: string,
): Promise<HorizontalPodAutoscaler | undefined> {
  const name = object.kind === ScaledObject.kind ? (object as ScaledObject).status?.hpaName : undefined;
  return name ? client.find(HorizontalPodAutoscaler, { namespace, name }) : undefined;
}

/**
 * The decisions of a ScaledObject (from zero and back to it) and of its HPA (in between), those of them that there are.
 * @throws Error where there is none
 */
export function recordsIn(...objects: readonly (readonly [what: string, object: KubernetesObject])[]): FoundDecision[] {
  const decided = objects.filter(
    ([
      ,
      {
        metadata: { annotations = {} },
      },
    ]) => decisionAnnotation in annotations,
  );
  const told = decided.length > 0 ? decided : objects.slice(0, 1);
  return told.map(([what, object]) => recordIn(what, object));
}

/** What an object says of its last decision: the record, or where there is none, its id. */
export type FoundDecision = Pick<Decision<unknown, unknown>, "id"> & Partial<Decision<unknown, unknown>>;

/** @throws Error where the object carries no decision, or one that can't be read */
export function recordIn(what: string, { metadata: { annotations = {} } }: KubernetesObject): FoundDecision {
  const text = annotations[decisionRecordAnnotation];
  const id = annotations[decisionAnnotation];
  if (text === undefined) {
    if (id !== undefined) return { id };
    throw new Error(
      `${what}: no decision yet: it has no annotation ${decisionAnnotation}; a Bellows controller sets it`,
    );
  }
  try {
    const record = JSON.parse(text) as FoundDecision | null;
    if (typeof record?.id === "string") return record;
  } catch {
    // Said below, as for any other text.
  }
  throw new Error(`${what}: annotation ${decisionRecordAnnotation}: found ${text.slice(0, 80)}, expected a decision`);
}

/** A decision as `bellows why` prints it, line by line. */
export function decisionLines({ id, subject, at, seen, computed, limits, action, causes }: FoundDecision): string[] {
  if (at === undefined)
    return [`decision  ${id}`, "          only its id is kept here: look for it in the controller's log"];
  const { metrics: _, ...inputs } = (seen ?? {}) as Record<string, unknown>;
  return [
    `decision  ${id}, ${timestamp(at)}`,
    ...(subject
      ? [`of        ${subject.kind} ${subject.namespace ? `${subject.namespace}/` : ""}${subject.name}`]
      : []),
    ...Object.entries(inputs).map(([name, value]) => `seen      ${name}: ${textOf(value)}`),
    ...(computed ?? []).map((step) => `computed  ${step}`),
    ...(limits ?? []).map(({ reason, from, to }) => `limit     ${reason}: ${from} -> ${to}`),
    ...(causes ?? []).map((cause) => `cause     decision ${cause}`),
    `action    ${action === undefined ? "none: left as it is" : textOf(action)}`,
  ];
}

const textOf = (value: unknown): string => {
  if (typeof value !== "object" || value === null) return String(value);
  return Object.entries(value)
    .map(([name, each]) => `${name}: ${typeof each === "object" ? JSON.stringify(each) : each}`)
    .join(", ");
};
