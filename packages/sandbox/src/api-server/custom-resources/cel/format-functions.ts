import type { Environment } from "@marcbachmann/cel-js";
import { hasFormat } from "../string-format.ts";
import { optionalValue } from "./optional-value.ts";

/** A named format of Kubernetes' names, which tells what is wrong with a text. */
class NamedFormat {
  readonly name: string;
  readonly problem: (text: string) => string | undefined;

  constructor(name: string, problem: (text: string) => string | undefined) {
    this.name = name;
    this.problem = problem;
  }
}

class FormatNamespace {}

const matching = (pattern: RegExp, max: number, description: string) => (text: string) => {
  if (text.length > max) return `must be no more than ${max} characters`;
  return pattern.test(text) ? undefined : description;
};

const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const label1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const qualified = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const checked = (format: string) => (text: string) =>
  hasFormat(format, text) ? undefined : `must be a valid ${format}`;

const formats: readonly (readonly [string, (text: string) => string | undefined])[] = [
  ["dns1123Label", matching(label, 63, "must be a lowercase RFC 1123 label")],
  ["dns1123Subdomain", matching(subdomain, 253, "must be a lowercase RFC 1123 subdomain")],
  ["dns1035Label", matching(label1035, 63, "must be a DNS-1035 label")],
  ["dns1123LabelPrefix", (text) => matching(label, 63, "must be a lowercase RFC 1123 label")(text.replace(/-$/, "a"))],
  [
    "dns1123SubdomainPrefix",
    (text) => matching(subdomain, 253, "must be a lowercase RFC 1123 subdomain")(text.replace(/-$/, "a")),
  ],
  ["dns1035LabelPrefix", (text) => matching(label1035, 63, "must be a DNS-1035 label")(text.replace(/-$/, "a"))],
  ["qualifiedName", matching(qualified, 317, "must be a qualified name")],
  ["labelValue", matching(labelValue, 63, "must be a valid label value")],
  ["uri", checked("uri")],
  ["uuid", checked("uuid")],
  ["byte", checked("byte")],
  ["date", checked("date")],
  ["datetime", checked("datetime")],
];

const type = "kubernetes.NamedFormat";

/** `format.dns1123Label().validate(text)` and its like: none where the text is well-formed, else the problems. */
export function registerFormatFunctions(env: Environment): void {
  env.registerType(type, NamedFormat);
  env.registerType("FormatNamespace", FormatNamespace);
  env.registerConstant("format", "FormatNamespace", new FormatNamespace());
  const known = new Map(formats.map(([name, problem]) => [name, new NamedFormat(name, problem)]));
  for (const [name, format] of known) env.registerFunction(`FormatNamespace.${name}(): ${type}`, () => format);
  env.registerFunction(`FormatNamespace.named(string): optional<${type}>`, (_: FormatNamespace, name: string) => {
    return optionalValue(known.get(name));
  });
  env.registerFunction(`${type}.validate(string): optional<list<string>>`, (format: NamedFormat, text: string) => {
    const problem = format.problem(text);
    return optionalValue(problem === undefined ? undefined : [problem]);
  });
}
