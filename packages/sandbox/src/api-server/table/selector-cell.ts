/** meta/v1 LabelSelector, as far as printing needs it. */
export interface PrintableSelector {
  matchLabels?: Record<string, string> | undefined;
  matchExpressions?: { key: string; operator: string; values?: string[] | undefined }[] | undefined;
}

/** Labels as `a=1,b=2` in key order; `<none>` for none. */
export function labelsCell(labels: Readonly<Record<string, string>> | undefined): string {
  const pairs = Object.entries(labels ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`);
  return pairs.length > 0 ? pairs.join(",") : "<none>";
}

/** A label selector's text, its requirements in key order: `app=web,tier in (a,b),!canary`; empty for no requirement. */
export function selectorText(selector: PrintableSelector | undefined): string {
  const equalities = Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => ({
    key,
    text: `${key}=${value}`,
  }));
  const expressions = (selector?.matchExpressions ?? []).map(({ key, operator, values = [] }) => ({
    key,
    text: expressionText(key, operator, values),
  }));
  return [...equalities, ...expressions]
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ text }) => text)
    .join(",");
}

/** Like {@link selectorText}, with `<none>` for an empty selector. */
export const selectorCell = (selector: PrintableSelector | undefined): string => selectorText(selector) || "<none>";

function expressionText(key: string, operator: string, values: readonly string[]): string {
  const sorted = [...values].sort().join(",");
  if (operator === "Exists") return key;
  if (operator === "DoesNotExist") return `!${key}`;
  return `${key} ${operator === "NotIn" ? "notin" : "in"} (${sorted})`;
}
