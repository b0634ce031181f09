import { durationMs, durationProblem } from "@bellows/api";
import { z } from "zod";
import { goFloatProblem, goIntProblem, parseGoBool } from "./go-values.ts";
import { TriggerError } from "./trigger.ts";

/** Where a parameter may come from, in the words of upstream's messages. */
export type ParameterSource = "triggerMetadata" | "resolvedEnv" | "authParams";

/**
 * What a parameter's schema says beside its type, by zod's `.meta()`. A parameter that is an object is a group: its
 * own parameters are looked up beside the others, and are all optional where the group is.
 */
export interface ParameterMeta {
  readonly description?: string;
  /** In the order of looking; default the metadata only. */
  readonly from?: readonly ParameterSource[];
  /** Its names, where they are others than its key. */
  readonly names?: readonly string[];
  /** The values that it, or each element of its list, may have. */
  readonly enum?: readonly string[];
  /** At most one of these values may be in the list. */
  readonly exclusiveSet?: readonly string[];
  readonly separator?: string;
  /** Giving it is an error that says this. */
  readonly removed?: string;
  /** Giving it is told to the owner. */
  readonly deprecatedAnnounce?: string;
  /** Of a group: what is wrong with the values found; they may be incomplete. */
  readonly validate?: (values: Readonly<Record<string, unknown>>) => string | undefined;
  /** How its text is written, for the documentation. */
  readonly format?: string;
}

/** The parameters of a type of triggers, as text from metadata, environment and credentials. */
export type MetadataSchema = z.ZodObject;

/** What the parameters are read from. */
export interface MetadataSources {
  readonly type: string;
  readonly name: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly resolvedEnv: Readonly<Record<string, string>>;
  readonly authParams: Readonly<Record<string, string>>;
}

/** Something that the owner of the trigger should know, though it works. */
export interface Notice {
  readonly type: "Normal" | "Warning";
  readonly message: string;
}

/** Text as it is. */
export const text = () => z.string().meta({ format: "text" });

/** One of some words. */
export const oneOf = <const Words extends readonly [string, ...string[]]>(...words: Words) =>
  z.enum(words).meta({ enum: words, format: words.join(", ") });

/** A number, as JSON writes it. */
export const float = () => converted("number", (source) => goFloatProblem(source), Number);

/** A whole number, as JSON writes it. */
export const integer = () => converted("whole number", (source) => goIntProblem(source), Number);

/** true or false, in any of the ways that Go reads. */
export const flag = () =>
  converted(
    "true, false",
    (source) =>
      parseGoBool(source) === undefined
        ? `unable to parse boolean value ${quoted(source)}: strconv.ParseBool: parsing ${quoted(source)}: invalid syntax`
        : undefined,
    (source) => parseGoBool(source) === true,
  );

/** A length of time in milliseconds: `30s`, `5m`, or a number of milliseconds. */
export const duration = () =>
  converted("duration such as 30s, or milliseconds", durationParameterProblem, (source) =>
    durationProblem(source) === undefined ? durationMs(source) : Number(source),
  );

/** A list, separated by commas. */
export const list = <Element extends z.ZodType<unknown, string>>(element: Element, separator = ",") =>
  z
    .string()
    .transform((source, context) => {
      const parts: z.output<Element>[] = [];
      for (const [index, part] of source.split(separator).entries()) {
        const parsed = element.safeParse(part.trim());
        if (parsed.success) parts.push(parsed.data);
        else return refuse(context, `slice element ${index}: ${parsed.error.issues[0]?.message}`);
      }
      return parts;
    })
    .meta({ separator, format: `list separated by \`${separator}\``, ...enumOf(element) });

/** Whole numbers, separated by commas; `3-7` stands for those from 3 to 7. */
export const integerRanges = (rangeSeparator = "-") =>
  z
    .string()
    .transform((source, context) => {
      const numbers: number[] = [];
      for (const [index, untrimmed] of source.split(",").entries()) {
        const part = untrimmed.trim();
        const problem = part.includes(rangeSeparator) ? rangeProblem(part, rangeSeparator) : goIntProblem(part);
        if (problem !== undefined) return refuse(context, `slice element ${index}: ${problem}`);
        const [first = 0, last = first] = part.includes(rangeSeparator)
          ? part.split(rangeSeparator).map(Number)
          : [Number(part)];
        if (last - first >= maxRange) return refuse(context, `slice element ${index}: more than ${maxRange} numbers`);
        for (let number = first; number <= last; number++) numbers.push(number);
      }
      return numbers;
    })
    .meta({ format: `whole numbers and ranges such as 1,3${rangeSeparator}5` });

/** Named texts: `a=b,c=d`. */
export const pairs = () =>
  z
    .string()
    .transform((source, context) => {
      const found: Record<string, string> = {};
      for (const untrimmed of source.split(",")) {
        const part = untrimmed.trim();
        const [key = "", value, ...more] = part.split("=");
        if (value === undefined || more.length > 0) {
          return refuse(context, `expected format key=value, got ${quoted(part)}`);
        }
        found[key.trim()] = value.trim();
      }
      return found;
    })
    .meta({ format: "`key=value` pairs separated by `,`" });

/** The parameters of a query of a URL: each name with its values. */
export const urlValues = () =>
  z
    .string()
    .transform((source) => {
      const found: Record<string, string[]> = {};
      for (const [key, value] of new URLSearchParams(source)) (found[key] ??= []).push(value);
      return found;
    })
    .meta({ format: "query of a URL" });

/** A range that is longer is a slip of the pen. */
const maxRange = 100_000;

function rangeProblem(part: string, separator: string): string | undefined {
  const ends = part.split(separator);
  if (ends.length !== 2) return `expected format start${separator}end, got ${quoted(part)}`;
  for (const [index, end] of ends.entries()) {
    const problem = goIntProblem(end);
    if (problem !== undefined) {
      return `unable to parse ${index === 0 ? "start" : "end"} value ${quoted(end)}: ${problem}`;
    }
  }
  return undefined;
}

function durationParameterProblem(source: string): string | undefined {
  if (durationProblem(source) === undefined) {
    return durationMs(source) < 0 ? `duration cannot be negative: ${quoted(source)}` : undefined;
  }
  if (!/^[+-]?\d+$/.test(source)) {
    return `unable to parse duration value ${quoted(source)}: must be either a duration string (e.g. '30s', '5m') or a number of milliseconds`;
  }
  return Number(source) < 0 ? `duration cannot be negative: ${Number(source)} milliseconds` : undefined;
}

function converted<T>(
  format: string,
  problemOf: (source: string) => string | undefined,
  convert: (source: string) => T,
) {
  return z
    .string()
    .transform((source, context) => {
      const problem = problemOf(source);
      return problem === undefined ? convert(source) : refuse(context, problem);
    })
    .meta({ format });
}

function refuse(context: z.RefinementCtx, message: string): never {
  context.addIssue({ code: "custom", message });
  return z.NEVER;
}

const quoted = (source: string): string => JSON.stringify(source);

function enumOf(element: z.ZodType): Pick<ParameterMeta, "enum"> {
  const words = element instanceof z.ZodEnum ? element.options.map(String) : undefined;
  return words ? { enum: words } : {};
}

/** A parameter, with what its wrappers say about it. */
export interface Parameter {
  readonly key: string;
  readonly names: readonly string[];
  readonly meta: ParameterMeta;
  readonly from: readonly ParameterSource[];
  readonly optional: boolean;
  /** Its default as it would be written; undefined for none. */
  readonly defaultValue: unknown;
  readonly schema: z.ZodType;
  /** The parameters of a group. */
  readonly group: MetadataSchema | undefined;
}

/** Schemas are few and triggers many: each is taken apart once. */
const parametersBySchema = new WeakMap<MetadataSchema, readonly Parameter[]>();

/** The parameters of a schema, in order; groups are not opened. */
export function parametersOf(schema: MetadataSchema): readonly Parameter[] {
  const known = parametersBySchema.get(schema);
  if (known) return known;
  const parameters = takenApart(schema);
  parametersBySchema.set(schema, parameters);
  return parameters;
}

function takenApart(schema: MetadataSchema): Parameter[] {
  return Object.entries(schema.shape).map(([key, parameter]) => {
    let inner = parameter as z.ZodType;
    let meta = metaOf(inner);
    let optional = false;
    let defaultValue: unknown;
    while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault) {
      optional = true;
      if (inner instanceof z.ZodDefault) defaultValue ??= inner.def.defaultValue;
      inner = inner.unwrap() as z.ZodType;
      meta = { ...metaOf(inner), ...meta };
    }
    return {
      key,
      names: meta.names ?? [key],
      meta,
      from: meta.from ?? ["triggerMetadata"],
      optional,
      defaultValue,
      schema: parameter as z.ZodType,
      group: inner instanceof z.ZodObject ? inner : undefined,
    };
  });
}

const metaOf = (schema: z.ZodType): ParameterMeta => (schema.meta() ?? {}) as ParameterMeta;

/**
 * Reads the parameters of a trigger: each from the first of its sources that has a text for it.
 * @param validate  what is wrong with the whole; it is asked also where single parameters are wrong or missing
 * @throws TriggerError  every problem on a line of its own, in upstream's words
 */
export function readMetadata<Schema extends MetadataSchema>(
  schema: Schema,
  sources: MetadataSources,
  validate?: (values: Partial<z.output<Schema>>) => string | undefined,
): { readonly values: z.output<Schema>; readonly notices: readonly Notice[] } {
  const reader = new Reader(sources);
  const values = reader.read(schema, false);
  const problem = validate?.(values as Partial<z.output<Schema>>);
  if (problem !== undefined) reader.problems.push(problem);
  if (reader.problems.length > 0) throw new TriggerError(reader.problems.join("\n"));
  return { values: values as z.output<Schema>, notices: [...reader.notices, ...unknownParameters(schema, sources)] };
}

class Reader {
  readonly problems: string[] = [];
  readonly notices: Notice[] = [];
  readonly #sources: MetadataSources;

  constructor(sources: MetadataSources) {
    this.#sources = sources;
  }

  read(schema: MetadataSchema, optional: boolean): Record<string, unknown> {
    const values: Record<string, unknown> = {};
    for (const parameter of parametersOf(schema)) {
      const value = parameter.group
        ? this.#group(parameter, parameter.group, optional)
        : this.#value({ ...parameter, optional: parameter.optional || optional });
      if (value !== undefined) values[parameter.key] = value;
    }
    return values;
  }

  #group(parameter: Parameter, group: MetadataSchema, optional: boolean): Record<string, unknown> {
    const values = this.read(group, optional || parameter.optional);
    const problem = parameter.meta.validate?.(values);
    if (problem !== undefined) this.problems.push(problem);
    return values;
  }

  #value(parameter: Parameter): unknown {
    const { meta, names, from, schema } = parameter;
    const name = names.join(",");
    const found = this.#find(parameter);
    if (found === undefined) {
      if (parameter.defaultValue !== undefined) return parameter.defaultValue;
      if (!parameter.optional) this.problems.push(`missing required parameter ${quoted(name)} in [${from.join(" ")}]`);
      return undefined;
    }
    if (meta.removed !== undefined) {
      this.problems.push(`scaler ${this.#sources.type} info: ${meta.removed}`);
      return undefined;
    }
    if (meta.deprecatedAnnounce !== undefined) {
      this.notices.push({ type: "Normal", message: `scaler ${this.#sources.type} info: ${meta.deprecatedAnnounce}` });
    }
    const shown = found.source === "triggerMetadata" ? quoted(found.text) : '"***"';
    const problem = choiceProblem(found.text, meta);
    if (problem !== undefined) {
      this.problems.push(`parameter ${quoted(name)} value ${shown} ${problem}`);
      return undefined;
    }
    const parsed = schema.safeParse(found.text);
    if (parsed.success) return parsed.data;
    const reason = found.source === "triggerMetadata" ? `: ${parsed.error.issues[0]?.message}` : "";
    this.problems.push(`unable to set param ${quoted(name)} value ${shown}${reason}`);
    return undefined;
  }

  #find({ names, from }: Parameter): { readonly text: string; readonly source: ParameterSource } | undefined {
    const { metadata, resolvedEnv, authParams } = this.#sources;
    for (const source of from) {
      for (const name of names) {
        const found =
          source === "triggerMetadata"
            ? metadata[name]
            : source === "authParams"
              ? authParams[name]
              : resolvedEnv[metadata[`${name}FromEnv`] ?? ""];
        const trimmed = found?.trim();
        if (trimmed) return { text: trimmed, source };
      }
    }
    return undefined;
  }
}

function choiceProblem(source: string, meta: ParameterMeta): string | undefined {
  const parts = source.split(meta.separator ?? ",").map((part) => part.trim());
  if (meta.enum && parts.some((part) => !meta.enum?.includes(part))) {
    return `must be one of [${meta.enum.join(" ")}]`;
  }
  if (meta.exclusiveSet && parts.filter((part) => meta.exclusiveSet?.includes(part)).length > 1) {
    return `must contain only one of [${meta.exclusiveSet.join(" ")}]`;
  }
  return undefined;
}

/** Metadata that no parameter reads, as upstream tells it where it is asked to look. */
function unknownParameters(schema: MetadataSchema, { type, name, metadata }: MetadataSources): Notice[] {
  const known = new Set(namesOf(schema));
  const trigger = name === "" ? type : `${type} (${name})`;
  return Object.keys(metadata)
    .filter((key) => !known.has(key.replace(/FromEnv$/, "")))
    .map((key) => ({ type: "Warning", message: `Unmatched input property ${key} in scaler ${trigger}` }));
}

function namesOf(schema: MetadataSchema): string[] {
  return parametersOf(schema).flatMap(({ names, group }) => (group ? namesOf(group) : names));
}
