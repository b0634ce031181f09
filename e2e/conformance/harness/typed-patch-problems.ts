const undeclared = ": field not declared in schema";

/** `failed to create typed patch object (...): ` and what follows; several problems stand on lines of their own. */
const parsed = (text: string): { head: string; problems: ReadonlySet<string> } | undefined => {
  const [, head, rest] = /^(.*failed to create typed patch object \([^)]*\): )(.*)$/s.exec(text) ?? [];
  if (head === undefined || rest === undefined) return undefined;
  return {
    head,
    problems: new Set(
      rest
        .replace(/^errors:\n/, "")
        .split("\n")
        .map((line) => line.trim()),
    ),
  };
};

/**
 * Whether two texts tell of the same problems of an applied configuration. The real server looks at the fields of a map
 * in the order of Go's maps, another one each time, and no further in it than to a field that its schema does not have:
 * of the other problems in that map it may tell none.
 */
export function sameProblems(a: string, b: string): boolean {
  const [one, other] = [parsed(a), parsed(b)];
  if (!one || !other || one.head !== other.head) return false;
  const [fewer, more] = one.problems.size < other.problems.size ? [one, other] : [other, one];
  if (![...fewer.problems].every((problem) => more.problems.has(problem))) return false;
  return fewer.problems.size === more.problems.size || [...fewer.problems].some((one) => one.endsWith(undeclared));
}
