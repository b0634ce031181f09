import type { Container, Pod } from "@bellows/api";
import { type Clock, type Instant, parseTimestamp, sleep } from "@bellows/kube";
import type { PodLogOptions, PodStreams } from "../api-server/subresources/pod-streams.ts";
import type { StreamChannels, StreamResult } from "../api-server/upgrade.ts";
import { imageName } from "../usage/image-name.ts";
import { programOf, type UsageSource } from "../usage/index.ts";
import { type LogEntry, type LogSource, logEntries, stamped } from "./container-log.ts";
import { fileOf } from "./image-files.ts";
import { interruptedExitCode, typedEnd } from "./terminal.ts";

export interface KubeletStreamsOptions {
  readonly clock: Clock;
  readonly usage: UsageSource;
  /** The pod as it is now; undefined when it is gone. */
  readonly find: (namespace: string, name: string) => Pod | undefined;
  /** Ends a running container, as what was typed at its terminal did. */
  readonly end: (pod: Pod, container: string, exitCode: number) => void;
}

/** How often a follower looks for new output. */
const followMs = 500;
/** Output older than this has been rotated away. */
const keptMs = 600_000;

/** What kubelets answer to `kubectl logs`, `attach` and `exec`: output made up from what a container does. */
export class KubeletStreams implements PodStreams {
  readonly #options: KubeletStreamsOptions;

  constructor(options: KubeletStreamsOptions) {
    this.#options = options;
  }

  async *logs(object: object, options: PodLogOptions): AsyncIterable<string> {
    const { clock } = this.#options;
    const pod = object as Pod;
    const text = (entry: LogEntry) => (options.timestamps ? stamped(entry) : entry.text);
    const run = runOf(pod, options.container, options.previous);
    if (!run) return;
    const now = clock.now();
    const until = run.finishedAt ?? now;
    const from = Math.max(run.startedAt, until - keptMs, options.since ?? 0);
    let entries = logEntries(this.#source(pod, run), from, until);
    if (options.tailLines !== undefined) entries = tail(entries, options.tailLines);
    let left = options.limitBytes ?? Number.POSITIVE_INFINITY;
    for (const entry of entries) {
      const piece = text(entry).slice(0, left);
      left -= piece.length;
      if (piece) yield piece;
    }
    if (options.follow && !options.previous) yield* this.#follow(pod, run.container.name, until, options.signal, text);
  }

  async attach(object: object, container: string, channels: StreamChannels): Promise<StreamResult> {
    const pod = object as Pod;
    const spec = pod.spec?.containers.find(({ name }) => name === container);
    if (spec?.tty && spec.stdin) void this.#heed(pod, spec, channels);
    const from = this.#options.clock.now();
    for await (const piece of this.#follow(pod, container, from, channels.signal, ({ text }) => text))
      await channels.stdout(piece);
    // How the container ended is for its status to tell: an attached client is only told that it has.
    return { exitCode: 0 };
  }

  async #heed(pod: Pod, container: Container, { stdin, stdout }: StreamChannels): Promise<void> {
    const exitCode = await typedEnd(container, stdin);
    if (exitCode === undefined) return;
    if (exitCode === interruptedExitCode) await stdout("^C");
    this.#options.end(pod, container.name, exitCode);
  }

  /** There is no process to run a command in: a few harmless ones are answered. */
  async exec(
    object: object,
    container: string,
    command: readonly string[],
    channels: StreamChannels,
  ): Promise<StreamResult> {
    const pod = object as Pod;
    const [program = "", ...args] = command;
    switch (program.slice(program.lastIndexOf("/") + 1)) {
      case "hostname":
        await channels.stdout(`${pod.metadata.name}\n`);
        return { exitCode: 0 };
      case "echo":
        await channels.stdout(`${args.join(" ")}\n`);
        return { exitCode: 0 };
      case "true":
        return { exitCode: 0 };
      case "cat":
        return await cat(pod, container, args, channels);
      case "env":
      case "printenv":
        await channels.stdout(environment(pod, container));
        return { exitCode: 0 };
      default:
        await channels.stderr(
          `OCI runtime exec failed: exec failed: unable to start container process: exec: "${program}": executable file not found in $PATH: unknown\n`,
        );
        return { exitCode: 126 };
    }
  }

  /** New output until the container ends, the pod is gone or the client leaves. */
  async *#follow(
    pod: Pod,
    container: string,
    since: Instant,
    signal: AbortSignal | undefined,
    text: (entry: LogEntry) => string,
  ): AsyncIterable<string> {
    const { clock } = this.#options;
    let from = since;
    while (!signal?.aborted) {
      await sleep(clock, followMs, signal);
      const current = this.#current(pod);
      const run = current && runOf(current, container, false);
      if (!current || !run) return;
      const to = run.finishedAt ?? clock.now();
      for (const entry of logEntries(this.#source(current, run), Math.max(from, run.startedAt), to)) yield text(entry);
      if (run.finishedAt !== undefined) return;
      from = to;
    }
  }

  #current(pod: Pod): Pod | undefined {
    const current = this.#options.find(pod.metadata.namespace ?? "default", pod.metadata.name);
    return current?.metadata.uid === pod.metadata.uid ? current : undefined;
  }

  #source(pod: Pod, { container, startedAt }: ContainerRunTimes): LogSource {
    const usage = this.#options.usage.current();
    const { load } = programOf(container);
    if (load.kind === "generator") {
      const backend = this.#options.usage.backendOf(pod, load.host);
      const answersOk = backend?.spec?.containers.some(({ image }) => imageName(image ?? "") === "hpa-example");
      const wanted =
        usage.get(pod.metadata.uid ?? "")?.containers.find(({ name }) => name === container.name)?.wantedCpuMillis ?? 0;
      return {
        pod,
        container,
        startedAt,
        requestsPerSecond: wanted / load.cpuMsPerRequest,
        ...(answersOk && { answer: "OK!" }),
      };
    }
    return { pod, container, startedAt, requestsPerSecond: usage.get(pod.metadata.uid ?? "")?.requestsPerSecond ?? 0 };
  }
}

/** Prints the files that are known; says which are not, as cat does. */
async function cat(
  pod: Pod,
  container: string,
  paths: readonly string[],
  { stdout, stderr }: StreamChannels,
): Promise<StreamResult> {
  let exitCode = 0;
  for (const path of paths) {
    const text = fileOf(pod, container, path);
    if (text !== undefined) await stdout(text);
    else {
      await stderr(`cat: ${path}: No such file or directory\n`);
      exitCode = 1;
    }
  }
  return { exitCode };
}

interface ContainerRunTimes {
  readonly container: Container;
  readonly startedAt: Instant;
  readonly finishedAt: Instant | undefined;
}

/** The present or the previous run of a container; undefined where there is none. */
function runOf(pod: Pod, name: string, previous: boolean): ContainerRunTimes | undefined {
  const { spec, status } = pod;
  const container = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].find((one) => one.name === name);
  const statuses = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  const known = statuses.find((one) => one.name === name);
  const state = previous ? known?.lastState : known?.state?.waiting ? known.lastState : known?.state;
  const startedAt = parseTimestamp(state?.running?.startedAt ?? state?.terminated?.startedAt);
  if (!container || startedAt === undefined) return undefined;
  // Instants in a status are cut to seconds; what was printed in the last one belongs to the run.
  const finishedAt = parseTimestamp(state?.terminated?.finishedAt);
  return { container, startedAt, finishedAt: finishedAt === undefined ? undefined : finishedAt + 1000 };
}

/** The entries of the last `count` lines; pieces without a newline belong to the line that follows them. */
function tail(entries: readonly LogEntry[], count: number): readonly LogEntry[] {
  if (count === 0) return [];
  let lines = 0;
  for (let index = entries.length - 1; index >= 0; index--) {
    const endsLine = entries[index]?.text.endsWith("\n");
    if (endsLine && ++lines > count) return entries.slice(index + 1);
  }
  return entries;
}

function environment(pod: Pod, container: string): string {
  const spec = pod.spec?.containers.find(({ name }) => name === container);
  const own = (spec?.env ?? []).filter(({ value }) => value !== undefined).map(({ name, value }) => `${name}=${value}`);
  return [
    `HOSTNAME=${pod.metadata.name}`,
    "KUBERNETES_SERVICE_HOST=10.100.0.1",
    "KUBERNETES_SERVICE_PORT=443",
    ...own,
    "",
  ].join("\n");
}
