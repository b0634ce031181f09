import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

const module = resolve(import.meta.dirname, "../../control-plane");

export const kubernetesVersion = "v1.35.4";

type GoTool = "kube-apiserver" | "kube-controller-manager" | "kube-scheduler" | "kubectl";

/** A cold build takes about 5 minutes on 4 cores; beyond this something hangs. */
const buildLimitMs = 45 * 60_000;

/** Whether a program answers on this machine. */
export const has = (program: string, ...args: readonly string[]): boolean =>
  spawnSync(program, args, { stdio: "ignore", timeout: 20_000 }).status === 0;

/** Builds what the cache lacks of Kubernetes' commands, and gives their paths. */
export async function goTools(
  tools: readonly GoTool[],
  print: (line: string) => void,
): Promise<Readonly<Record<string, string>>> {
  const sums = createHash("sha256")
    .update(readFileSync(join(module, "go.sum")))
    .digest("hex")
    .slice(0, 12);
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const folder = join(cache, "bellows", `kubernetes-${kubernetesVersion}-${sums}`);
  mkdirSync(folder, { recursive: true });
  for (const tool of tools) {
    const file = join(folder, tool);
    if (existsSync(file)) continue;
    if (!has("go", "version")) throw new Error(`${tool} is missing, and no Go toolchain to build it with`);
    print(`building ${tool} ${kubernetesVersion} (once; all of them take 5 to 15 minutes)`);
    // Built under another name: a build that is cut short leaves no half of one.
    const partial = `${file}.${process.pid}`;
    await build(tool, partial);
    renameSync(partial, file);
  }
  return Object.fromEntries(tools.map((tool) => [tool, join(folder, tool)]));
}

function build(tool: GoTool, output: string): Promise<void> {
  const [major, minor] = kubernetesVersion.slice(1).split(".");
  const stamp = { gitVersion: kubernetesVersion, gitMajor: major, gitMinor: minor, gitTreeState: "clean" };
  const ldflags = Object.entries(stamp).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`);
  const args = ["build", "-ldflags", ldflags.join(" "), "-o", output, `k8s.io/kubernetes/cmd/${tool}`];
  const child = spawn("go", args, {
    cwd: module,
    env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=readonly -buildvcs=false", GOTOOLCHAIN: "auto" },
    stdio: ["ignore", "inherit", "inherit"],
    timeout: buildLimitMs,
  });
  return new Promise((done, fail) => {
    child.once("error", fail);
    child.once("exit", (code) => (code === 0 ? done() : fail(new Error(`go build ${tool}: exit code ${code}`))));
  });
}
