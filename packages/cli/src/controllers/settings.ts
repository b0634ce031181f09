import { environmentVariableOf, flagOf, type Settings } from "@bellows/api";
import { z } from "zod";

/** A setting that can't be used: where it was given, what was found, what was expected. */
export class SettingsRefused extends Error {
  override readonly name = "SettingsRefused";
}

export interface SettingsSources {
  /** By key, as text; `undefined` where not given. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What the config file holds, and its name. */
  readonly file?: { readonly name: string; readonly values: unknown };
}

/**
 * Settings from flags, then the environment, then the config file, then defaults.
 * @throws SettingsRefused with a line for each problem
 */
export function readSettings<S extends Settings>(
  schema: S,
  { flags, environment, file }: SettingsSources,
): z.output<S> {
  const problems: string[] = [];
  const fromFile = file === undefined ? {} : recordOf(file.values);
  if (fromFile === undefined)
    throw new SettingsRefused(`${file?.name}: ${shown(file?.values)}, expected settings by name`);
  const shape = schema.shape as Record<string, z.ZodType>;
  for (const key of Object.keys(fromFile)) {
    if (!(key in shape)) problems.push(`${file?.name}: ${key}: unknown${suggestion(key, Object.keys(shape))}`);
  }
  const values: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries(shape)) {
    const variable = environmentVariableOf(key, setting);
    const candidates: { place: string; value: unknown }[] = [];
    if (flags[key] !== undefined)
      candidates.push({ place: `--${flagOf(key)}`, value: settingValue(setting, flags[key]) });
    if (environment[variable])
      candidates.push({ place: variable, value: settingValue(setting, environment[variable]) });
    if (fromFile[key] !== undefined) candidates.push({ place: `${file?.name}: ${key}`, value: fromFile[key] });
    const [first] = candidates;
    const result = setting.safeParse(first?.value);
    if (result.success) values[key] = result.data;
    else
      problems.push(
        `${first?.place ?? `--${flagOf(key)}`}: ${shown(first?.value, setting)}, ${expectation(result.error)}`,
      );
  }
  if (problems.length > 0) throw new SettingsRefused(problems.join("\n"));
  return values as z.output<S>;
}

/** Text as what the setting takes; text that is no such thing stays text, and is refused as that. */
function settingValue(setting: z.ZodType, text: string): unknown {
  const type = typeOf(setting);
  if (type === "boolean") return text === "true" ? true : text === "false" ? false : text;
  if (type === "number" || type === "integer")
    return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
  return text;
}

/** The JSON Schema type of a setting: `string`, `boolean`, `number`, `integer`. */
export const typeOf = (setting: z.ZodType): string | undefined =>
  z.toJSONSchema(setting, { io: "input", unrepresentable: "any" }).type as string | undefined;

function expectation(error: z.ZodError): string {
  const message = error.issues[0]?.message ?? "";
  return message.startsWith("expected")
    ? message
    : message.replace(/^Invalid (input|option): /, "").replace(/, received.*$/, "");
}

const recordOf = (values: unknown): Record<string, unknown> | undefined =>
  values === null || values === undefined
    ? {}
    : typeof values === "object" && !Array.isArray(values)
      ? (values as Record<string, unknown>)
      : undefined;

const shown = (value: unknown, setting?: z.ZodType): string =>
  value === undefined ? "not given" : setting?.meta()?.["secret"] ? "(a secret)" : JSON.stringify(value).slice(0, 100);

function suggestion(key: string, known: readonly string[]): string {
  const near = known.find((each) => each.toLowerCase() === key.toLowerCase() || flagOf(each) === key);
  return near ? `, did you mean ${near}?` : `, expected any of ${known.join(", ")}`;
}
