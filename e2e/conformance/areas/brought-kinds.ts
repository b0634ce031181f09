import { type CrdObject, customResourceDefinitions } from "@bellows/api";
import { area, it } from "../harness/case.ts";
import type { Conversation, Json } from "../harness/conversation.ts";
import { misfits, withMisfit } from "../harness/misfits.ts";
import { bases, changes, refusals, statuses, whole } from "./brought-objects.ts";

const definitions = customResourceDefinitions();
const path = "customresourcedefinitions";
const stored = ({ spec }: CrdObject) => spec.versions.find(({ storage }) => storage)!;
const rootOf = ({ spec }: CrdObject, version: string, ns: string) =>
  `/apis/${spec.group}/${version}${spec.scope === "Namespaced" ? `/namespaces/${ns}` : ""}/${spec.names.plural}`;
const definitionOf = (kind: string): CrdObject => {
  const [plural] = kind.split(".");
  const found = definitions.find(({ metadata, spec }) => metadata.name === kind || spec.names.kind === plural);
  if (!found) throw new Error(`no definition of ${kind}`);
  return found;
};

/** Defines every kind that Bellows brings; what was there before stays. */
async function define(t: Conversation): Promise<void> {
  for (const definition of definitions) {
    const own = `${path}/${definition.metadata.name}`;
    const { status } = await t.post(path, definition, { bare: true });
    if (status === 201) t.deleteAtEnd(own);
    await t.awaited(own, async () =>
      (await t.peek(own)).status?.conditions?.some(
        ({ type, status: is }: Json) => type === "Established" && is === "True",
      ),
    );
    const { spec } = definition;
    await t.awaited(
      own,
      async () => (await t.peek(`/apis/${spec.group}/${stored(definition).name}/${spec.names.plural}`)).items,
    );
  }
}

/** In no order of Go's maps: a problem a line. */
const show = (body: Json) => {
  if (body.kind !== "Status") return { spec: body.spec, status: body.status };
  const { code, reason, message, details } = body;
  const causes = details?.causes?.map((cause: Json) => JSON.stringify(cause)).sort();
  return { code, reason, causes, ...((causes?.length ?? 0) < 2 && { message }) };
};
const objectOf = (definition: CrdObject, t: Conversation, more: object) => ({
  apiVersion: `${definition.spec.group}/${stored(definition).name}`,
  kind: definition.spec.names.kind,
  metadata: { name: t.ns },
  ...more,
});
const made = async (t: Conversation, definition: CrdObject, more: object): Promise<string> => {
  const root = rootOf(definition, stored(definition).name, t.ns);
  await t.post(root, objectOf(definition, t, more), { show });
  if (definition.spec.scope === "Cluster") t.deleteAtEnd(`${root}/${t.ns}`);
  return `${root}/${t.ns}`;
};
const asTable = { headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" } };
const facts = ({ spec }: CrdObject) => (spec.scope === "Cluster" ? { clusterOnly: true } : {});
const trial = "?dryRun=All&fieldValidation=Strict";

/** The kinds of KEDA, Karpenter, the VPA and Bellows as their definitions have them: columns, defaults, limits, rules. */
export const broughtKinds = area(
  "brought kinds",
  [
    ...Object.entries(bases).flatMap(([kind, base]) => {
      const definition = definitionOf(kind);
      const { schema } = stored(definition);
      const { spec: specSchema } = schema.openAPIV3Schema.properties ?? {};
      return [
        it(
          `${kind}: what becomes of little, and its row`,
          async (t) => {
            const own = await made(t, definition, base);
            await t.get(own, asTable);
            const status = statuses[kind];
            if (!status) return;
            await t.patch("merge", `${own}/status`, { status }, { show });
            await t.get(own, asTable);
          },
          facts(definition),
        ),
        it(
          `${kind}: nothing in it, and what there is not`,
          async (t) => {
            const root = rootOf(definition, stored(definition).name, t.ns);
            await t.post(root + trial, objectOf(definition, t, {}), { show });
            await t.post(root + trial, objectOf(definition, t, { spec: {} }), { show });
            const unknown = { ...base, spec: { ...(base as Json).spec, unknown: 1 }, extra: true };
            await t.post(root + trial, objectOf(definition, t, unknown), { show });
          },
          facts(definition),
        ),
        it(
          `${kind}: each field with what its schema refuses`,
          async (t) => {
            const root = rootOf(definition, stored(definition).name, t.ns);
            // Of pods' templates the built-in kinds' cases tell.
            const skip = (at: readonly string[]) => at.join(".").includes("jobTargetRef.template");
            for (const misfit of misfits(specSchema ?? {}, skip)) {
              const body = objectOf(definition, t, { ...base, spec: withMisfit((base as Json).spec, misfit) });
              const answer = await t.post(`${root}?dryRun=All`, body, { bare: true });
              t.entries.pop();
              t.note(misfit.path.join("."), [misfit.value, answer.status, show(answer.body)]);
            }
          },
          facts(definition),
        ),
      ];
    }),
    ...Object.entries(whole).map(([what, { kind, body }]) =>
      it(
        `${kind}: ${what}`,
        async (t) => {
          const own = await made(t, definitionOf(kind), body);
          await t.get(own, asTable);
        },
        facts(definitionOf(kind)),
      ),
    ),
    ...Object.entries(refusals).flatMap(([kind, cases]) =>
      Object.entries(cases).map(([what, spec]) =>
        it(
          `${kind}: refused: ${what}`,
          async (t) => {
            const definition = definitionOf(kind);
            const root = rootOf(definition, stored(definition).name, t.ns);
            const base = (bases[kind] as Json).spec;
            await t.post(root + trial, objectOf(definition, t, { spec: { ...base, ...(spec as object) } }), { show });
          },
          facts(definitionOf(kind)),
        ),
      ),
    ),
    ...Object.entries(changes).map(([what, { kind, from, to }]) =>
      it(
        `${kind}: ${what}`,
        async (t) => {
          const own = await made(t, definitionOf(kind), { spec: { ...(bases[kind] as Json).spec, ...from } });
          for (const spec of to) await t.patch("merge", `${own}?dryRun=All`, { spec }, { show });
        },
        facts(definitionOf(kind)),
      ),
    ),
  ],
  { prepare: define },
);
