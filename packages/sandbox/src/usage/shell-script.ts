/** What a command line or shell script does, as far as it matters for load and lifetime. */
export interface ShellScript {
  /** Undefined where it loops or waits for ever. */
  readonly lifetimeMs: number | undefined;
  readonly exitCode: number;
  /** CPU it burns on average, in millis. */
  readonly busyMillis: number;
  /** Set for a loop of requests. */
  readonly requests: { readonly host: string; readonly pauseMs: number } | undefined;
}

/** A command that does nothing of note still takes its process a moment. */
const momentMs = 50;
/** The documentation's Job that computes pi to 2,000 places. */
const perlPiMs = 6_000;

const commands =
  /^(?:\/(?:usr\/)?(?:local\/)?s?bin\/)?(sh|bash|ash|sleep|echo|true|false|exit|perl|yes|wget|curl|date|cat|ls|env|printf|tail|timeout|seq|ping|nslookup)$/;

/**
 * Reads a container's words (command and arguments): a shell with `-c`, or a well-known tool.
 * @returns undefined for a program of which nothing is known
 */
export function shellScript(words: readonly string[]): ShellScript | undefined {
  const [first = "", ...rest] = words;
  const command = commands.exec(first)?.[1];
  if (!command) return undefined;
  if (command !== "sh" && command !== "bash" && command !== "ash") return readScript([command, ...rest].join(" "));
  const flag = rest.findIndex((word) => /^-[a-z]*c$/.test(word));
  // A shell without a script reads its input, and ends where there is none.
  if (flag < 0)
    return { lifetimeMs: rest.length > 0 ? undefined : momentMs, exitCode: 0, busyMillis: 0, requests: undefined };
  return readScript(rest.slice(flag + 1).join(" "));
}

/** No loop is written out further than this. */
const maxRounds = 1_000;

/**
 * The script with its loops over a list written out: `for i in 1 2 3; do ...; done`, `for i in $(seq 3)`,
 * `for i in {1..3}`. Loops over what only a run could tell, and loops in loops, stay as they are.
 */
export function unrolled(script: string): string {
  return script.replaceAll(
    /\bfor\s+(\w+)\s+in\s+([^;\n]+?)\s*[;\n]\s*do\b((?:(?!\b(?:for|while|until)\b)[\s\S])*?)[;\n]\s*done\b/g,
    (loop: string, variable: string, list: string, body: string) => {
      const words = listed(list);
      if (words === undefined || words.length > maxRounds) return loop;
      const use = new RegExp(`\\$(?:${variable}\\b|\\{${variable}\\})`, "g");
      return words.map((word) => body.replaceAll(use, () => word).trim()).join("; ");
    },
  );
}

function listed(list: string): readonly string[] | undefined {
  const range =
    /^(?:\$\(|`)\s*seq\s+(?:(-?\d+)\s+)?(-?\d+)\s*[)`]$/.exec(list) ?? /^\{(-?\d+)\.\.(-?\d+)\}$/.exec(list);
  if (range) {
    const from = Number(range[1] ?? 1);
    return Array.from({ length: Math.max(0, Number(range[2]) - from + 1) }, (_, index) => String(from + index));
  }
  return /[$`*?{(]/.test(list) ? undefined : list.split(/\s+/).map((word) => word.replace(/^(["'])(.*)\1$/, "$2"));
}

function readScript(written: string): ShellScript {
  const script = unrolled(written);
  const loop =
    /\b(?:while|until)\s+([\s\S]*?)[;\n]\s*do\b([\s\S]*)/.exec(script) ??
    /\bfor\s*\(\(\s*;\s*;\s*\)\)()[;\s]*do\b([\s\S]*)/.exec(script);
  if (loop) return readLoop(loop[1] as string, loop[2] as string);
  const seconds = sleepSeconds(script);
  const waitsForEver =
    /\b(?:sleep\s+infinity|tail\s+-[fF]|yes\b|wait\b)/.test(script) || seconds === Number.POSITIVE_INFINITY;
  const exit = /\bexit\s+(\d+)/.exec(script)?.[1];
  const failed = /(?:^|[;&\n]\s*)false\s*$/.test(script) ? 1 : 0;
  return {
    lifetimeMs: waitsForEver
      ? undefined
      : Math.max(momentMs, seconds * 1000 + (/\bperl\b.*\bbpi\b/.test(script) ? perlPiMs : 0)),
    exitCode: exit ? Number(exit) % 256 : failed,
    busyMillis: /\byes\b/.test(script) || /\bbpi\b/.test(script) ? 1000 : 0,
    requests: requestsOf(script, 0),
  };
}

/** `while sleep 0.01; do wget ...; done`, `while true; do timeout 0.5s yes; sleep 0.5s; done`, `while :; do :; done`. */
function readLoop(condition: string, body: string): ShellScript {
  const pauseMs = (sleepSeconds(condition) + sleepSeconds(body)) * 1000;
  const requests = requestsOf(body, pauseMs) ?? requestsOf(condition, pauseMs);
  return { lifetimeMs: undefined, exitCode: 0, busyMillis: requests ? 0 : busyMillisOf(body, pauseMs), requests };
}

function busyMillisOf(body: string, pauseMs: number): number {
  const timed = /\btimeout\s+(?:-\S+\s+)*(\d*\.?\d+)s?\s+(?:yes|sh|sha\w+|openssl|cat|dd)\b/.exec(body);
  if (timed) {
    const busyMs = Number(timed[1]) * 1000;
    return Math.round((1000 * busyMs) / (busyMs + pauseMs || 1));
  }
  // A loop without a pause keeps a core busy; one with a pause only forks now and then.
  return pauseMs === 0 ? 1000 : Math.min(1000, Math.round(4_000 / pauseMs));
}

function requestsOf(text: string, pauseMs: number): ShellScript["requests"] {
  const call = /\b(?:wget|curl|ab|hey|siege|wrk)\b([^;|&\n]*)/.exec(text)?.[1];
  const host =
    call &&
    /(?:https?:\/\/|\s)((?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)(?::\d+)?(?:\/\S*)?["']?\s*(?:>.*)?$/i.exec(
      call.trimEnd(),
    )?.[1];
  return host && /\b(?:wget|curl|ab|hey|siege|wrk)\b/.test(text) ? { host, pauseMs } : undefined;
}

/** The sum of all `sleep N[smhd]`. */
export function sleepSeconds(text: string): number {
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/\bsleep\s+["']?(\d*\.?\d+|infinity)([smhd]?)/g)) {
    const scale = unit === "m" ? 60 : unit === "h" ? 3600 : unit === "d" ? 86_400 : 1;
    total += amount === "infinity" ? Number.POSITIVE_INFINITY : Number(amount) * scale;
  }
  return total;
}
