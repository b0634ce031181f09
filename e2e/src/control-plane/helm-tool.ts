import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { has } from "./go-tools.ts";

const module = resolve(import.meta.dirname, "../../helm");

/** The machine's helm, or Helm 4 built once as a Go tool. */
export function helmTool(print: (line: string) => void): string {
  if (process.env["HELM"]) return process.env["HELM"];
  if (has("helm", "version")) return "helm";
  const sums = createHash("sha256")
    .update(readFileSync(join(module, "go.sum")))
    .digest("hex")
    .slice(0, 12);
  const folder = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "bellows", `helm-${sums}`);
  const file = join(folder, "helm");
  if (existsSync(file)) return file;
  if (!has("go", "version"))
    throw new Error("helm is missing, and no Go toolchain to build it with: install Helm 4, or name one by HELM");
  print("building helm (once; takes a few minutes)");
  mkdirSync(folder, { recursive: true });
  const partial = `${file}.${process.pid}`;
  const { status } = spawnSync("go", ["build", "-o", partial, "helm.sh/helm/v4/cmd/helm"], {
    cwd: module,
    env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=readonly -buildvcs=false" },
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (status !== 0) throw new Error(`go build helm: exit code ${status}`);
  renameSync(partial, file);
  return file;
}
