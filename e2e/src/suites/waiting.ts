import type { SuiteContext } from "../suite.ts";

/** Asks `look` every quarter of a second until it gives true; fails saying what was waited for and what was seen last. */
export async function waitFor(
  what: string,
  look: () => Promise<true | string>,
  { signal }: SuiteContext,
  limitMs = 90_000,
): Promise<void> {
  let seen: true | string = "nothing";
  for (const until = Date.now() + limitMs; Date.now() < until && !signal.aborted; ) {
    seen = await look().catch((error: unknown) => String(error));
    if (seen === true) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`${what}: ${seen}, after ${signal.aborted ? "the run was stopped" : `${limitMs / 1000} s`}`);
}
