import type { Container } from "@bellows/api";
import { imageName } from "./image-name.ts";
import { type ShellScript, shellScript } from "./shell-script.ts";
import { stressProgram } from "./stress.ts";

/**
 * What the process of a container does: how long it lives, and what it uses. Known images and shell scripts behave as
 * the real ones do; everything else idles.
 */
export interface ContainerProgram {
  /** How long it runs by itself; undefined for one that runs until it is stopped. */
  readonly lifetimeMs: number | undefined;
  readonly exitCode: number;
  /** Whether it ends soon after SIGTERM; a shell as process 1 does not, and is killed when the grace period is over. */
  readonly obeysTerm: boolean;
  readonly load: ProgramLoad;
}

/** CPU in millis, memory in bytes. */
export type ProgramLoad =
  /** Does next to nothing. */
  | { readonly kind: "idle"; readonly cpuMillis: number; readonly memoryBytes: number }
  /** Uses that much as long as it lives, given the CPU. */
  | { readonly kind: "burn"; readonly cpuMillis: number; readonly memoryBytes: number }
  /** Idles, and spends CPU on each request that a load generator sends to a Service in front of it. */
  | {
      readonly kind: "server";
      readonly cpuMillis: number;
      readonly memoryBytes: number;
      readonly cpuMsPerRequest: number;
      /** What it logs for a request, for `kubectl logs`. */
      readonly accessLog: "apache" | "nginx";
    }
  /** Sends one request after the other to `host`, waiting `pauseMs` between them. */
  | {
      readonly kind: "generator";
      readonly host: string;
      readonly pauseMs: number;
      readonly cpuMsPerRequest: number;
      readonly memoryBytes: number;
    }
  /** Nothing is known: a small share of what it asked for. */
  | { readonly kind: "unknown" };

const mib = 1024 ** 2;

const idle = (cpuMillis: number, memoryMiB: number): ProgramLoad => ({
  kind: "idle",
  cpuMillis,
  memoryBytes: Math.round(memoryMiB * mib),
});

/**
 * What one request costs `registry.k8s.io/hpa-example` (a million square roots in PHP). With one sequential client that
 * pauses 10 ms, the service uses about 650m in all, so that an autoscaler with a target of 100m settles at 6 or 7 pods.
 */
const hpaExampleCpuMs = 26;

/** Servers and daemons by image name, without registry, tag and digest. */
const byImage: Readonly<Record<string, ProgramLoad>> = {
  "hpa-example": {
    kind: "server",
    cpuMillis: 1,
    memoryBytes: 11 * mib,
    cpuMsPerRequest: hpaExampleCpuMs,
    accessLog: "apache",
  },
  pause: idle(0, 0.5),
  nginx: { kind: "server", cpuMillis: 0.1, memoryBytes: 4 * mib, cpuMsPerRequest: 0.05, accessLog: "nginx" },
  httpd: { kind: "server", cpuMillis: 1, memoryBytes: 7 * mib, cpuMsPerRequest: 0.1, accessLog: "apache" },
  echoserver: { kind: "server", cpuMillis: 0.2, memoryBytes: 4 * mib, cpuMsPerRequest: 0.2, accessLog: "nginx" },
  redis: idle(2, 8),
  "cluster-proportional-autoscaler": idle(1, 10),
  "amazon-k8s-cni": idle(4, 38),
  "aws-network-policy-agent": idle(1, 18),
  "kube-proxy": idle(1, 14),
  coredns: idle(2, 14),
  "metrics-server": idle(4, 20),
  "amazon-k8s-cni-init": idle(0, 1),
};

const runsForever = { lifetimeMs: undefined, exitCode: 0, obeysTerm: true };

/** Programs are read once a container spec: specs are immutable, and shared by every look at their pod. */
const known = new WeakMap<Container, ContainerProgram>();

/** What `container` does, by its image, command and arguments. */
export function programOf(container: Container): ContainerProgram {
  const cached = known.get(container);
  if (cached) return cached;
  const program = readProgram(container);
  known.set(container, program);
  return program;
}

function readProgram(container: Container): ContainerProgram {
  const image = imageName(container.image ?? "");
  const words = [...(container.command ?? []), ...(container.args ?? [])];
  const stress = stressProgram(image, words);
  if (stress) return stress;
  if (words.length === 0) return withoutCommand(container, image);
  if (isShell(words)) return shellOf(container);
  const script = shellScript(words);
  if (script) return scriptProgram(script);
  return { ...runsForever, load: byImage[image] ?? { kind: "unknown" } };
}

/** Images whose own command is a shell, which ends at once where nobody types. */
const shellImages = new Set([
  "busybox",
  "alpine",
  "ubuntu",
  "debian",
  "ubuntu-slim",
  "amazonlinux",
  "centos",
  "fedora",
  "bash",
  "python",
  "node",
]);

const isShell = (words: readonly string[]): boolean =>
  words.length === 1 && /^(?:.*\/)?(?:a|ba|da)?sh$/.test(words[0] ?? "");

/** Whether the process is a shell, or its like, that reads commands from whoever types. */
export function waitsForCommands(container: Container): boolean {
  const words = [...(container.command ?? []), ...(container.args ?? [])];
  return words.length === 0 ? shellImages.has(imageName(container.image ?? "")) : isShell(words);
}

const shellOf = ({ stdin, tty }: Container): ContainerProgram => ({
  lifetimeMs: stdin || tty ? undefined : 50,
  exitCode: 0,
  obeysTerm: false,
  load: idle(0, 1),
});

function withoutCommand(container: Container, image: string): ContainerProgram {
  if (shellImages.has(image)) return shellOf(container);
  if (image === "hello-world") return { lifetimeMs: 50, exitCode: 0, obeysTerm: true, load: idle(0, 1) };
  return { ...runsForever, load: byImage[image] ?? { kind: "unknown" } };
}

function scriptProgram(script: ShellScript): ContainerProgram {
  const { lifetimeMs, exitCode, busyMillis, requests } = script;
  const load: ProgramLoad = requests
    ? { kind: "generator", host: requests.host, pauseMs: requests.pauseMs, cpuMsPerRequest: 3, memoryBytes: mib }
    : busyMillis > 0
      ? { kind: "burn", cpuMillis: busyMillis, memoryBytes: 1.5 * mib }
      : idle(0, 1);
  return { lifetimeMs, exitCode, obeysTerm: false, load };
}
