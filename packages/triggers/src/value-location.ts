import { QuantityError, quantityOf } from "@bellows/api";
import { valueAtPath } from "./gjson-path.ts";
import { parseJson } from "./json-answer.ts";
import { findSeries, parseSeriesSelector } from "./prometheus-text.ts";

/** The formats of answers that a number is taken from. */
export type ValueFormat = "prometheus" | "json" | "xml" | "yaml";

/**
 * The number at a place of an answer: by GJSON's paths in JSON, by names parted by dots in XML and YAML, by a series
 * selector in Prometheus' text. A text counts where it is a quantity.
 * @throws Error  that names the place and what stands there
 */
export async function valueAt(body: string, location: string, format: ValueFormat): Promise<number> {
  switch (format) {
    case "prometheus":
      return prometheusValue(body, location);
    case "json":
      return numberAt(valueAtPath(parseJson(body), location), location, jsonTypeOf);
    case "yaml":
      return numberAt(memberAt(await parseYaml(body), location), location, goTypeOf);
    case "xml":
      return numberAt(xmlMember(await parseXml(body), location), location, goTypeOf);
  }
}

function prometheusValue(body: string, location: string): number {
  const selector = parseSeriesSelector(location);
  const { value, named } = findSeries(body, selector);
  if (value !== undefined) return value;
  throw new Error(named ? `value ${location} not found` : `metric '${selector.name}' not found`);
}

function numberAt(value: unknown, location: string, typeOf: (value: unknown) => string): number {
  if (typeof value === "number") return value;
  const place = JSON.stringify(location);
  if (typeof value !== "string") {
    throw new Error(
      `valueLocation ${place} must point to a numeric value or a string parseable as a Quantity, got ${typeOf(value)}`,
    );
  }
  try {
    return quantityOf(value).toNumber();
  } catch (error) {
    if (!(error instanceof QuantityError)) throw error;
    throw new Error(`valueLocation ${place} points to a string that is not parseable as a Quantity`, { cause: error });
  }
}

function jsonTypeOf(value: unknown): string {
  if (value === undefined || value === null) return "Null";
  if (typeof value === "boolean") return value ? "True" : "False";
  return "JSON";
}

function goTypeOf(value: unknown): string {
  if (value === undefined || value === null) return "<nil>";
  return typeof value === "boolean" ? "bool" : typeof value;
}

/** Where a name leads to a scalar, the rest of the path is not looked at, as upstream. */
function memberAt(root: unknown, location: string): unknown {
  let current = root;
  for (const key of location.split(".")) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, key)) {
      throw new Error(`key '${key}' not found in path '${location}'`);
    }
    current = (current as Record<string, unknown>)[key];
    if (typeof current !== "object" || current === null) return current;
  }
  // An XML element that has attributes, too.
  if (Object.hasOwn(current as object, "#text")) return (current as Record<string, unknown>)["#text"];
  throw new Error(`path '${location}' does not lead to a value`);
}

/** A path may begin with the name of the root element, or within it. */
function xmlMember(document: Readonly<Record<string, unknown>>, location: string): unknown {
  const [first = ""] = location.split(".");
  return memberAt(Object.hasOwn(document, first) ? document : Object.values(document)[0], location);
}

async function parseYaml(body: string): Promise<unknown> {
  const { parse } = await import("yaml");
  try {
    return parse(body, { maxAliasCount: 100, logLevel: "error" });
  } catch (error) {
    throw new Error(`the answer is no YAML: ${(error as Error).message}`, { cause: error });
  }
}

async function parseXml(body: string): Promise<Record<string, unknown>> {
  const { XMLParser, XMLValidator } = await import("fast-xml-parser");
  const valid = XMLValidator.validate(body);
  if (valid !== true) throw new Error(`the answer is no XML: line ${valid.err.line}: ${valid.err.msg}`);
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: "@",
    parseTagValue: false,
    ignoreDeclaration: true,
    ignorePiTags: true,
  });
  return parser.parse(body) as Record<string, unknown>;
}
