import type { Environment } from "@marcbachmann/cel-js";

const pattern =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;

class Semver {
  readonly numbers: readonly number[];
  readonly pre: readonly string[];

  constructor(numbers: readonly number[], pre: readonly string[]) {
    this.numbers = numbers;
    this.pre = pre;
  }

  static parse(text: string): Semver {
    const match = pattern.exec(text);
    if (!match) throw new Error(`Semver ${JSON.stringify(text)} parse error`);
    return new Semver([match[1], match[2], match[3]].map(Number), match[4]?.split(".") ?? []);
  }

  compare(other: Semver): number {
    for (const [i, part] of this.numbers.entries()) {
      const difference = part - (other.numbers[i] ?? 0);
      if (difference !== 0) return Math.sign(difference);
    }
    // A release is newer than its own pre-releases.
    if (this.pre.length === 0 || other.pre.length === 0) return Math.sign(other.pre.length - this.pre.length);
    for (const [i, part] of this.pre.entries()) {
      const difference = compareIdentifiers(part, other.pre[i]);
      if (difference !== 0) return difference;
    }
    return Math.sign(this.pre.length - other.pre.length);
  }
}

function compareIdentifiers(a: string, b: string | undefined): number {
  if (b === undefined) return 1;
  const [left, right] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (left && right) return Math.sign(Number(a) - Number(b));
  if (left !== right) return left ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

const isSemver = (text: string) => pattern.test(text);

/** Takes what is nearly a version: a leading `v`, missing parts, leading zeros. */
function normalize(text: string): string {
  const [core = "", ...rest] = text.replace(/^v/, "").split(/(?=[-+])/);
  const parts = core.split(".").map((part) => part.replace(/^0+(?=\d)/, ""));
  while (parts.length < 3) parts.push("0");
  return parts.join(".") + rest.join("");
}

/** `semver()` and what can be asked of versions (Kubernetes' CEL library `semver`, version 1). */
export function registerSemverFunctions(env: Environment): void {
  const type = "kubernetes.Semver";
  env.registerType(type, Semver);
  env.registerFunction(`semver(string): ${type}`, Semver.parse);
  env.registerFunction(`semver(string, bool): ${type}`, (text: string, loose: boolean) =>
    Semver.parse(loose ? normalize(text) : text),
  );
  env.registerFunction("isSemver(string): bool", isSemver);
  env.registerFunction("isSemver(string, bool): bool", (text: string, loose: boolean) =>
    isSemver(loose ? normalize(text) : text),
  );
  for (const [i, name] of ["major", "minor", "patch"].entries())
    env.registerFunction(`${type}.${name}(): int`, (version: Semver) => BigInt(version.numbers[i] as number));
  env.registerFunction(`${type}.compareTo(${type}): int`, (a: Semver, b: Semver) => BigInt(a.compare(b)));
  env.registerFunction(`${type}.isLessThan(${type}): bool`, (a: Semver, b: Semver) => a.compare(b) < 0);
  env.registerFunction(`${type}.isGreaterThan(${type}): bool`, (a: Semver, b: Semver) => a.compare(b) > 0);
}
