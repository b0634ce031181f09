import { area, it } from "../harness/case.ts";
import type { Conversation, Json } from "../harness/conversation.ts";
import { nameOf, type Sample, samples } from "../harness/kinds.ts";

const make = async (t: Conversation, sample: Sample, bare: boolean) => {
  if (!sample.namespaced) t.deleteAtEnd(`${sample.plural}/${nameOf(sample, t.ns)}`);
  return t.post(sample.plural, sample.object(t.ns), { bare });
};

/** What a small object of each kind becomes when it is created. */
export const defaults = area(
  "defaults",
  samples.map((sample) =>
    it(`a new object of ${sample.plural}`, (t) => make(t, sample, false), { clusterOnly: !sample.namespaced }),
  ),
);

const tableHeaders = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json" };

/** What a controller has done once it has looked at a new object. */
const settled: Readonly<Record<string, (object: Json) => unknown>> = {
  persistentvolumes: ({ status }) => status.phase === "Available",
  resourcequotas: ({ status }) => status.hard,
  poddisruptionbudgets: ({ status }) => status.observedGeneration,
  deployments: ({ status }) => status.observedGeneration,
  replicasets: ({ status }) => status.observedGeneration,
  statefulsets: ({ status }) => status.observedGeneration,
  daemonsets: ({ status }) => status.observedGeneration,
  jobs: ({ status }) => status.conditions,
  apiservices: ({ status }) => status.conditions?.some((one: Json) => one.status === "False"),
};

/**
 * What `kubectl get` shows of each kind: columns, and the cells of one row. A FlowSchema is left out: whether its last cell
 * is known yet is a matter of moments.
 */
export const tables = area(
  "tables",
  samples
    .filter(({ plural }) => plural !== "flowschemas")
    .map((sample) =>
      it(
        `the table of ${sample.plural}`,
        async (t) => {
          await make(t, sample, true);
          if (settled[sample.plural])
            await t.until(
              `${sample.plural}/${nameOf(sample, t.ns)}`,
              settled[sample.plural] as (object: Json) => unknown,
            );
          await t.get(`${sample.plural}/${nameOf(sample, t.ns)}?includeObject=None`, { headers: tableHeaders });
        },
        { clusterOnly: !sample.namespaced },
      ),
    ),
);

/** What an object with nothing in it is refused for, by kind. */
export const emptyObjects = area(
  "empty objects",
  samples.map((sample) =>
    it(
      `${sample.plural}: an object of nothing but a name`,
      async (t) => {
        const { metadata } = sample.object(t.ns);
        if (!sample.namespaced) t.deleteAtEnd(`${sample.plural}/${nameOf(sample, t.ns)}`);
        await t.post(
          sample.plural,
          { metadata },
          { show: (body) => (body.kind === "Status" ? body : { kind: body.kind }) },
        );
      },
      { clusterOnly: !sample.namespaced },
    ),
  ),
);

/** What is said to a field that no object of the kind has, in each mode of field validation. */
export const wrongFields = area(
  "wrong fields",
  samples.map((sample) =>
    it(
      `${sample.plural}: an unknown field and a wrong type`,
      async (t) => {
        const object = sample.object(t.ns);
        const at = `${sample.plural}?dryRun=All`;
        await t.post(
          `${at}&fieldValidation=Strict`,
          { ...object, unknownField: 1 },
          { show: ({ kind, message }) => message ?? kind },
        );
        await t.post(
          `${at}&fieldValidation=Warn`,
          { ...object, metadata: { ...object.metadata, labls: {} } },
          { show: ({ kind, message }) => message ?? kind },
        );
        await t.post(
          at,
          { ...object, metadata: { ...object.metadata, labels: "none" } },
          { show: ({ kind, message }) => message ?? kind },
        );
      },
      { clusterOnly: !sample.namespaced },
    ),
  ),
);

const badMetadata: readonly Json[] = [
  { labels: { "a b": "not valid" } },
  { annotations: { "a b": "c" } },
  { finalizers: ["c", "a b/c"] },
  { ownerReferences: [{ apiVersion: "v1", kind: "Event", name: "", uid: "" }] },
];

const causesOf = ({ kind, message, details }: Json) =>
  details?.causes?.map((cause: Json) => [cause.field, cause.message]) ?? message ?? kind;

/** How often, and in which order, each kind finds fault with metadata: in a new object, in a change, in a status. */
export const wrongMetadata = area(
  "wrong metadata",
  samples.map((sample) =>
    it(
      `${sample.plural}: labels, annotations, finalizers and owners that cannot be`,
      async (t) => {
        const object = sample.object(t.ns);
        const path = `${sample.plural}/${nameOf(sample, t.ns)}`;
        await make(t, sample, true);
        for (const metadata of badMetadata) {
          await t.post(
            `${sample.plural}?dryRun=All`,
            { ...object, metadata: { ...object.metadata, ...metadata } },
            { show: causesOf },
          );
          await t.patch("merge", `${path}?dryRun=All`, { metadata }, { show: causesOf });
          await t.patch("merge", `${path}/status?dryRun=All`, { metadata }, { show: causesOf });
        }
      },
      { clusterOnly: !sample.namespaced },
    ),
  ),
);
