// Plain JavaScript without dependencies: it runs on whatever Node (20 or later) the machine has, before anything is installed.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");
const modules = join(root, "node_modules");
const stampFile = join(modules, ".bellows-installed");

/** What the installed tree was made from: when it changes, the next start installs again. */
function wantedStamp() {
  const hash = createHash("sha256").update(`${process.platform} ${process.arch}\n`);
  for (const file of ["package.json", "pnpm-lock.yaml", "pnpm-workspace.yaml"])
    hash.update(readFileSync(join(root, file)));
  return hash.digest("hex");
}

function install() {
  const stamp = wantedStamp();
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) return;
  const pnpm = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).packageManager;
  process.stderr.write("Installing dependencies (once; takes about half a minute)\n");
  const done = spawnSync("npx", ["-y", pnpm, "install", "--frozen-lockfile"], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  if (done.status !== 0) {
    process.stderr.write(`${done.stdout ?? ""}${done.stderr ?? ""}${done.error?.message ?? ""}\n`);
    process.stderr.write("Installing the dependencies failed; the reason is above. Is the npm registry reachable?\n");
    process.exit(1);
  }
  mkdirSync(modules, { recursive: true });
  writeFileSync(stampFile, stamp);
}

/** The pinned Node, as an npm package brings it. */
function pinnedNode() {
  const name = process.platform === "win32" ? "node.exe" : "node";
  const file = join(modules, "node", "bin", name);
  if (existsSync(file)) return file;
  process.stderr.write(`${file} is missing: remove node_modules and run the command again.\n`);
  process.exit(1);
}

/**
 * Installs what is missing, then becomes `command`: its exit code, its signals. `command` gets the pinned Node and the
 * installed tools first in its PATH.
 */
export function become(command) {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < 20) {
    process.stderr.write(`Node ${process.versions.node} is too old: 20 or later is needed.\n`);
    process.exit(1);
  }
  install();
  const node = pinnedNode();
  const path = [dirname(node), join(modules, ".bin"), process.env.PATH].join(delimiter);
  const [program, ...args] = command({ node, root, bin: (name) => join(modules, ".bin", name) });
  const child = spawn(program, args, {
    stdio: "inherit",
    env: {
      ...process.env,
      PATH: path,
      NODE_COMPILE_CACHE: join(modules, ".cache", "compile"),
      TURBO_TELEMETRY_DISABLED: "1",
      DO_NOT_TRACK: "1",
    },
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    process.stderr.write(`${program}: ${error.message}\n`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
}
