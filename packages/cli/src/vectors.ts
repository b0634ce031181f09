import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

interface Vector {
  readonly id: string;
  readonly expect: unknown;
}

/** How cases of one kind are run, and when an answer passes. */
interface VectorKind {
  run(vector: Vector): unknown;
  passes(actual: unknown, vector: Vector): boolean;
  /** What is worth saying of a whole file besides the counts. */
  summary?(): string;
}

const kinds: Readonly<Record<string, () => Promise<VectorKind>>> = {
  async hpa() {
    const { runHpaVector, sameHpaOutcome } = await import("@bellows/hpa");
    return {
      run: (vector) => runHpaVector(vector as never),
      passes: (actual, { expect }) => sameHpaOutcome(actual as never, expect as never),
    };
  },
  async karpenter() {
    const { compareKarpenter, runKarpenterVector } = await import("@bellows/node-provisioner");
    const instanceTypes = JSON.parse(readFileSync(karpenterInstanceTypes, "utf8"));
    const counts = { valid: 0, asGood: 0, better: 0 };
    let price = 0;
    let recordedPrice = 0;
    return {
      run: (vector) => runKarpenterVector(vector as never, instanceTypes),
      passes(actual, vector) {
        const { valid, asGood, better } = compareKarpenter(actual as never, vector as never, instanceTypes);
        if (valid) counts.valid++;
        if (valid && asGood) counts.asGood++;
        if (valid && better) counts.better++;
        price += (actual as { totalPrice: number }).totalPrice;
        recordedPrice += (vector.expect as { totalPrice: number }).totalPrice;
        return valid && asGood;
      },
      summary: () =>
        `${counts.valid} valid, ${counts.asGood} as good, ${counts.better} better; total price ${(price / recordedPrice).toFixed(4)} of the recorded`,
    };
  },
};

/** The instance types that the recorded scheduling problems share. */
const karpenterInstanceTypes = new URL("../../node-provisioner/vectors/instance-types.json", import.meta.url);

export const vectorKinds = Object.keys(kinds);

/**
 * Runs the engine of `kind` on a file of recorded cases (JSON lines, gzipped or not): one line
 * `{"id":...,"actual":...}` a case, then `N passed, N failed`.
 * @returns whether all passed
 */
export async function runVectors(kind: string, file: string, print: (line: string) => void): Promise<boolean> {
  const load = kinds[kind];
  if (!load) throw new Error(`${kind}: no such kind of vectors, expected one of ${vectorKinds.join(", ")}`);
  const { run, passes, summary } = await load();
  let passed = 0;
  let failed = 0;
  for (const [index, line] of linesOf(file).entries()) {
    const vector = parseVector(line, file, index + 1);
    const actual = attempt(() => run(vector));
    if (attempt(() => passes(actual, vector)) === true) passed++;
    else failed++;
    print(JSON.stringify({ id: vector.id, actual }));
  }
  if (summary) print(summary());
  print(`${passed} passed, ${failed} failed`);
  return failed === 0;
}

/** A case that makes the engine throw is a failed case, not the end of the run. */
function attempt(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

function linesOf(file: string): string[] {
  const bytes = readFileSync(file);
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const text = (isGzip ? gunzipSync(bytes) : bytes).toString("utf8");
  return text.split("\n").filter((line) => line.trim() !== "");
}

function parseVector(line: string, file: string, number: number): Vector {
  try {
    return JSON.parse(line) as Vector;
  } catch (error) {
    throw new Error(`${file}:${number}: not JSON (${(error as Error).message})`);
  }
}
