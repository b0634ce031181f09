import { triggerTypes } from "./catalogue.ts";
import { type MetadataSchema, type Parameter, type ParameterSource, parametersOf } from "./metadata.ts";
import type { TriggerType } from "./trigger.ts";

/** The reference of triggers: a section and a table of parameters for each type. */
export function triggersPage(): string {
  const types = triggerTypes.toSorted((a, b) => (a.types[0] < b.types[0] ? -1 : 1));
  return [
    "<!-- Generated from packages/triggers by `npm run generate`; do not edit. -->",
    "",
    "# Triggers",
    "",
    "The types of `spec.triggers` of a ScaledObject or ScaledJob, and the keys of their `metadata`. All values are text. A",
    "parameter is looked for in the order of the column *from*: `metadata`; `env`, the variable of the target's container that",
    "the metadata names by `NAMEFromEnv`; `auth`, the parameters of the (Cluster)TriggerAuthentication.",
    "",
    "Triggers are read every `pollingInterval` seconds of their object, or as often as their metrics move where",
    "[adaptive polling](../guides/event-scaler.md#adaptive-polling) is asked for; those that can tell of changes by themselves",
    "are also read [when they do](../guides/event-scaler.md#pushes).",
    "",
    "| type | |",
    "|---|---|",
    ...types.map((type) => `| [${type.types.join(", ")}](#${type.types[0]}) | ${type.summary} |`),
    ...types.flatMap(section),
    "",
  ].join("\n");
}

function section({ types, summary, metadata }: TriggerType): string[] {
  return [
    "",
    `## ${types[0]}`,
    "",
    summary,
    "",
    "| parameter | value | default | from | meaning |",
    "|---|---|---|---|---|",
    ...rows(metadata).map((row) => `| ${row.join(" | ")} |`),
  ];
}

function rows(schema: MetadataSchema): string[][] {
  const parameters = parametersOf(schema);
  return [
    ...parameters.filter(({ group }) => !group).map(row),
    ...parameters.flatMap(({ group }) => (group ? rows(group) : [])),
  ];
}

function row({ names, meta, from, optional, defaultValue }: Parameter): string[] {
  const name = names.map((one) => `\`${one}\``).join(", ");
  const shownDefault = defaultValue === undefined ? (optional ? "" : "*required*") : `\`${String(defaultValue)}\``;
  return [
    name,
    cell(
      meta.enum && meta.separator === undefined ? meta.enum.map((word) => `\`${word}\``).join(", ") : formatOf(meta),
    ),
    shownDefault,
    from.map((source) => sourceNames[source]).join(", "),
    cell(meta.removed ?? meta.deprecatedAnnounce ?? meta.description ?? ""),
  ];
}

function formatOf({ format = "", enum: words }: Parameter["meta"]): string {
  return words ? `${format} of ${words.map((word) => `\`${word}\``).join(", ")}` : format;
}

const sourceNames: Readonly<Record<ParameterSource, string>> = {
  triggerMetadata: "metadata",
  resolvedEnv: "env",
  authParams: "auth",
};

const cell = (content: string): string => content.replaceAll("|", "\\|");
