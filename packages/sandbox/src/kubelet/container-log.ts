import type { Container, Pod } from "@bellows/api";
import { type Instant, microTimestamp } from "@bellows/kube";
import { programOf } from "../usage/container-program.ts";
import { imageName } from "../usage/image-name.ts";
import { sleepSeconds, unrolled } from "../usage/shell-script.ts";
import { fractionOf } from "./jitter.ts";
import { piDigits } from "./pi-digits.ts";

/** A piece of a container's output. A `line` ends with a newline; what is no line goes on in the next piece. */
export interface LogEntry {
  readonly at: Instant;
  readonly text: string;
}

export interface LogSource {
  readonly pod: Pod;
  readonly container: Container;
  readonly startedAt: Instant;
  /** Requests a second that it answers, or sends, taken as constant since it started. */
  readonly requestsPerSecond: number;
  /** The address of the pod that sends them, for access logs. */
  readonly clientIp?: string;
  /** What a request is answered with, as the sender prints it. */
  readonly answer?: string;
}

/** No more than this many entries are made for one look: the newest ones. */
const maxEntries = 5_000;
/** Of a busier server only a part of the requests is shown. */
const maxRequestsPerSecond = 20;

/**
 * The synthetic output of a container in [from, to), oldest first: what its image prints at its start, what its script
 * echoes, and a line for each request. The same interval always gives the same output.
 */
export function logEntries(source: LogSource, from: Instant, to: Instant): readonly LogEntry[] {
  const all = [...startEntries(source), ...scriptEntries(source, from, to), ...requestEntries(source, from, to)];
  return all
    .filter(({ at }) => at >= from && at < to)
    .sort((a, b) => a.at - b.at)
    .slice(-maxEntries);
}

/** With the time in front of each line, as `kubectl logs --timestamps` shows it. */
export const stamped = ({ at, text }: LogEntry): string => `${microTimestamp(at).replace("Z", "000Z")} ${text}`;

function startEntries({ pod, container, startedAt }: LogSource): readonly LogEntry[] {
  const ip = pod.status?.podIP ?? "127.0.0.1";
  const lines = (texts: readonly string[]) =>
    texts.map((text, index) => ({ at: startedAt + 20 + index * 3, text: `${text}\n` }));
  if ((container.command ?? container.args)?.length) return [];
  switch (imageName(container.image ?? "")) {
    case "nginx":
      return lines([
        "/docker-entrypoint.sh: /docker-entrypoint.d/ is not empty, will attempt to perform configuration",
        "/docker-entrypoint.sh: Configuration complete; ready for start up",
        `${nginxTime(startedAt)} [notice] 1#1: using the "epoll" event method`,
        `${nginxTime(startedAt)} [notice] 1#1: start worker processes`,
      ]);
    case "hpa-example":
    case "httpd":
      return lines([
        `AH00558: apache2: Could not reliably determine the server's fully qualified domain name, using ${ip}. Set the 'ServerName' directive globally to suppress this message`,
        `[${apacheErrorTime(startedAt)}] [mpm_prefork:notice] [pid 1] AH00163: Apache/2.4.10 (Debian) PHP/5.6.14 configured -- resuming normal operations`,
      ]);
    default:
      return [];
  }
}

function requestEntries(
  { container, startedAt, requestsPerSecond, clientIp = "192.168.0.1", answer }: LogSource,
  from: Instant,
  to: Instant,
) {
  const { load } = programOf(container);
  if (requestsPerSecond <= 0 || (load.kind !== "server" && load.kind !== "generator")) return [];
  if (load.kind === "generator" && (answer === undefined || /\/dev\/null/.test(scriptOf(container)))) return [];
  const perSecond = Math.min(maxRequestsPerSecond, requestsPerSecond);
  // Nobody sends anything in the first second: the pod has yet to become ready.
  const first = Math.max(Math.ceil(perSecond), Math.ceil(((from - startedAt) / 1000) * perSecond));
  const last = Math.floor(((to - startedAt) / 1000) * perSecond);
  const entries: LogEntry[] = [];
  for (let index = Math.max(first, last - maxEntries); index <= last; index++) {
    const at = startedAt + Math.round((index / perSecond) * 1000);
    entries.push({ at, text: load.kind === "generator" ? (answer ?? "") : accessLine(at, clientIp, load.accessLog) });
  }
  return entries;
}

const accessLine = (at: Instant, client: string, format: "apache" | "nginx"): string =>
  format === "apache"
    ? `${client} - - [${commonLogTime(at)}] "GET / HTTP/1.1" 200 175 "-" "Wget"\n`
    : `${client} - - [${commonLogTime(at)}] "GET / HTTP/1.1" 200 615 "-" "Wget" "-"\n`;

const scriptOf = (container: Container): string => [...(container.command ?? []), ...(container.args ?? [])].join(" ");

/** What `echo`, `date` and the pi Job print. */
function scriptEntries({ container, startedAt, pod }: LogSource, from: Instant, to: Instant): readonly LogEntry[] {
  const script = unrolled(scriptOf(container));
  if (/\bbpi\((\d+)\)/.test(script)) {
    const places = Math.min(10_000, Number(/\bbpi\((\d+)\)/.exec(script)?.[1]));
    return [{ at: startedAt + 5_900, text: `${piDigits(places)}\n` }];
  }
  const printed = [
    ...script.matchAll(/(?:^|[;&\n]|\bdo\b|-c)\s*(?:echo\s+(?:-e\s+)?("[^"]*"|'[^']*'|[^;&|\n>]+)|(date)\b)/g),
  ];
  if (printed.length === 0) return [];
  const line = (match: RegExpExecArray, at: Instant): LogEntry => ({
    at,
    text: `${expand(match[2] ? "$(date)" : (match[1] ?? ""), at, pod)}\n`,
  });
  const loops = /\b(?:while|until|for)\b/.test(script);
  if (!loops)
    return printed.map((match) => {
      const sleptMs = sleepSeconds(script.slice(0, match.index)) * 1000;
      return line(match, startedAt + 10 + sleptMs);
    });
  const pauseMs = Math.max(1_000, Number(/\bsleep\s+(\d*\.?\d+)/.exec(script)?.[1] ?? 1) * 1000);
  const entries: LogEntry[] = [];
  const first = Math.max(
    0,
    Math.ceil((from - startedAt) / pauseMs),
    Math.floor((to - startedAt) / pauseMs) - maxEntries,
  );
  for (let at = startedAt + first * pauseMs; at < to; at += pauseMs)
    entries.push(...printed.map((match) => line(match, at)));
  return entries;
}

function expand(text: string, at: Instant, pod: Pod): string {
  const bare = text.trim().replace(/^["']|["']$/g, "");
  return bare
    .replace(/\$\(date[^)]*\)|`date[^`]*`/g, unixDate(at))
    .replace(/\$\(hostname\)|`hostname`|\$\{?HOSTNAME\}?/g, pod.metadata.name)
    .replace(/\$RANDOM/g, String(Math.floor(fractionOf(`${pod.metadata.uid}/${at}`) * 32_768)));
}

const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const two = (value: number) => String(value).padStart(2, "0");
const clockTime = (at: Date) => `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`;

/** `Thu Jan  1 00:00:00 UTC 2026` */
function unixDate(instant: Instant): string {
  const at = new Date(instant);
  return `${days[at.getUTCDay()]} ${months[at.getUTCMonth()]} ${String(at.getUTCDate()).padStart(2)} ${clockTime(at)} UTC ${at.getUTCFullYear()}`;
}

/** `01/Jan/2026:00:00:00 +0000` */
function commonLogTime(instant: Instant): string {
  const at = new Date(instant);
  return `${two(at.getUTCDate())}/${months[at.getUTCMonth()]}/${at.getUTCFullYear()}:${clockTime(at)} +0000`;
}

/** `2026/01/01 00:00:00` */
function nginxTime(instant: Instant): string {
  const at = new Date(instant);
  return `${at.getUTCFullYear()}/${two(at.getUTCMonth() + 1)}/${two(at.getUTCDate())} ${clockTime(at)}`;
}

/** `Thu Jan 01 00:00:00.000000 2026` */
function apacheErrorTime(instant: Instant): string {
  const at = new Date(instant);
  return `${days[at.getUTCDay()]} ${months[at.getUTCMonth()]} ${two(at.getUTCDate())} ${clockTime(at)}.${String(at.getUTCMilliseconds()).padStart(3, "0")}000 ${at.getUTCFullYear()}`;
}
