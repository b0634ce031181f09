/** One thing that must hold for a process to be healthy, or ready. */
export interface HealthCheck {
  readonly name: string;
  /** Throws, or answers with the reason, where it does not hold. The reason is logged, not shown. */
  readonly check: () => void | string | Promise<void | string>;
}

export const ping: HealthCheck = { name: "ping", check() {} };

export interface HealthReport {
  readonly healthy: boolean;
  /** The body, as Kubernetes' own health endpoints write it. */
  readonly text: string;
  readonly failures: readonly { readonly name: string; readonly reason: string }[];
}

/**
 * Runs checks and words the result as apiserver's `healthz` package (0.35) does: `ok`, or the list where `verbose` was
 * asked for or one failed.
 * @param endpoint  `healthz`, `readyz`, `livez`
 */
export async function reportHealth(
  endpoint: string,
  checks: readonly HealthCheck[],
  { verbose = false, exclude = [] }: { verbose?: boolean; exclude?: readonly string[] } = {},
): Promise<HealthReport> {
  const lines: string[] = [];
  const failures: { name: string; reason: string }[] = [];
  for (const check of checks) {
    if (exclude.includes(check.name)) {
      lines.push(`[+]${check.name} excluded: ok`);
      continue;
    }
    const reason = await failureOf(check);
    lines.push(reason === undefined ? `[+]${check.name} ok` : `[-]${check.name} failed: reason withheld`);
    if (reason !== undefined) failures.push({ name: check.name, reason });
  }
  const unknown = exclude.filter((name) => !checks.some((check) => check.name === name)).sort();
  if (unknown.length > 0) {
    const names = [...new Set(unknown)].map((name) => JSON.stringify(name)).join(",");
    lines.push(`warn: some health checks cannot be excluded: no matches for ${names}`);
  }
  const healthy = failures.length === 0;
  if (healthy && !verbose) return { healthy, text: "ok", failures };
  return { healthy, text: [...lines, `${endpoint} check ${healthy ? "passed" : "failed"}`, ""].join("\n"), failures };
}

/** Why a check fails; undefined where it holds. */
export async function failureOf({ check }: HealthCheck): Promise<string | undefined> {
  try {
    return (await check()) || undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
