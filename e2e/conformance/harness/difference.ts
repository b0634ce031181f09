import type { Json } from "./conversation.ts";
import { sameProblems } from "./typed-patch-problems.ts";

/** Where two values differ, at most `limit` places: `[1].shown.code: 404 | 400`. */
export function differences(real: Json, sandbox: Json, limit = 6): string[] {
  const found: string[] = [];
  const show = (value: Json) => {
    const text = value === undefined ? "nothing" : JSON.stringify(value);
    return text.length > 300 ? `${text.slice(0, 300)}...` : text;
  };
  // Of long texts, the part where they begin to differ.
  const near = (a: Json, b: Json): [Json, Json] => {
    if (typeof a !== "string" || typeof b !== "string" || Math.max(a.length, b.length) < 250) return [a, b];
    let at = 0;
    while (a[at] === b[at]) at++;
    const from = Math.max(0, at - 80);
    const part = (text: string) => `${from > 0 ? "..." : ""}${text.slice(from, from + 250)}`;
    return [part(a), part(b)];
  };
  const compare = (a: Json, b: Json, path: string): void => {
    if (found.length >= limit) return;
    const both = (test: (value: Json) => boolean) => test(a) && test(b);
    if (both(Array.isArray)) {
      for (let at = 0; at < Math.max(a.length, b.length); at++) compare(a[at], b[at], `${path}[${at}]`);
    } else if (both((value) => value && typeof value === "object" && !Array.isArray(value))) {
      for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) compare(a[key], b[key], `${path}.${key}`);
    } else if (a !== b && !(typeof a === "string" && typeof b === "string" && sameProblems(a, b))) {
      const [left, right] = near(a, b);
      found.push(`${path}\n      real:    ${show(left)}\n      sandbox: ${show(right)}`);
    }
  };
  compare(real, sandbox, "");
  return found;
}
