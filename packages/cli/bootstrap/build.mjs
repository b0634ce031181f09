// `npm run build [-- FOLDER [UID]]`: the bundle of the image in dist/, one small entry and a lazy chunk for each controller.
// Run it with the flags that Node gets where the bundle runs, and name the user if that is another one: V8 takes no code
// that was compiled with other flags, and Node no other user's.
import { spawn } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");
const [, , folder, user] = process.argv;
const out = folder ? resolve(folder) : join(root, "dist");

rmSync(out, { recursive: true, force: true });
const bundle = await rolldown({
  input: { main: join(root, "packages/cli/src/image.ts") },
  platform: "node",
  // Optional parts of libraries, which their code asks for and does without.
  external: [/^(@fastify\/swagger|supports-color|pino-pretty|bufferutil|utf-8-validate)$/],
  // Of client-node its kubeconfigs are used: a tenth of it, where what nobody asks for is left out.
  treeshake: { moduleSideEffects: [{ test: /\/@kubernetes\/client-node\//, sideEffects: false }] },
  plugins: [wasmWithin()],
  onLog(level, log, handle) {
    if (log.code === "EVAL" || log.code === "UNRESOLVED_IMPORT") return;
    handle(level, log);
  },
});
const { output } = await bundle.write({
  dir: out,
  format: "esm",
  entryFileNames: "[name].mjs",
  chunkFileNames: "chunks/[name]-[hash].mjs",
  minify: true,
});
await bundle.close();
for (const { type, fileName } of output) if (type === "chunk") escapeWide(join(out, fileName));
for (const file of filesRead(output.flatMap((chunk) => chunk.moduleIds ?? [])))
  copyFileSync(file, join(out, "chunks", basename(file)));
const tests = output
  .flatMap((chunk) => chunk.moduleIds ?? [])
  .filter((id) => /\.test\.ts$|\/vitest\/|fast-check/.test(id));
if (tests.length > 0) throw new Error(`the bundle holds test code: ${tests.join(", ")}`);
// For the bill of materials: of what is depended on, not everything is used.
const packages = packagesOf(output.flatMap((chunk) => chunk.moduleIds ?? []));
writeFileSync(join(out, "bundled.json"), `${JSON.stringify(packages, null, 2)}\n`);
const bytes = output.reduce((sum, part) => sum + Buffer.byteLength(part.code ?? part.source ?? ""), 0);
process.stdout.write(`${out}: ${output.length} files, ${(bytes / 2 ** 20).toFixed(1)} MiB\n`);

// The entry reads code that is compiled already: a start takes less than half as long with it. Before that, it sees to it
// that it can be told to end: the first process of a container is deaf to signals that it has not asked for.
writeFileSync(
  join(out, "bellows.mjs"),
  'import { enableCompileCache } from "node:module";\n' +
    'for (const name of ["SIGTERM", "SIGINT"]) process.on(name, (_, number) => process.exit(128 + number));\n' +
    'enableCompileCache({ directory: new URL("cache", import.meta.url).pathname, portable: true });\n' +
    'await import("./main.mjs");\n',
);
const entry = join(out, "bellows.mjs");
await warm(entry, ["all", "--controllers=hpa,cpa,dashboard", "--dashboard-token=only-to-warm-the-cache"]);
// What these load comes after their first look at the cluster.
const alone = ["--ignore-neighbours", "--leader-elect=false"];
await warm(entry, ["event-scaler", "--secure-port=0", ...alone]);
await warm(entry, ["node-provisioner", "--cloud=simulated", "--cluster-name=none", "--webhook-port=0", ...alone]);
if (user) giveCache(join(out, "cache"), user);

/** What our modules read from beside them, when they need it: tables that are too large for code. */
function filesRead(modules) {
  const own = modules.filter((id) => id.startsWith(join(root, "packages/")));
  return own.flatMap((id) => {
    const named = readFileSync(id, "utf8").matchAll(/new URL\("((?:\.\/)?[^"/:]+)", import\.meta\.url\)/g);
    return [...named].map(([, file]) => join(dirname(id), file));
  });
}

/** Whose the modules are, as package URLs. */
function packagesOf(modules) {
  const folder = /^.*\/(?:node_modules\/(?:@[^/]+\/)?|packages\/)[^/]+(?=\/)/;
  const folders = new Set(modules.flatMap((id) => folder.exec(id) ?? []));
  const urls = [...folders].map((each) => {
    const { name, version } = JSON.parse(readFileSync(join(each, "package.json"), "utf8"));
    return `pkg:npm/${name.replace("@", "%40")}@${version}`;
  });
  return [...new Set(urls)].sort();
}

/** Node reads a source with a single character beyond ASCII into two bytes each: of megabytes, for a few arrows. */
function escapeWide(file) {
  const escaped = (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  writeFileSync(file, readFileSync(file, "utf8").replaceAll(/[\u0080-\uffff]/g, escaped));
}

/** Node keeps compiled code in a folder that has the number of its user at its end, for no one else to read. */
function giveCache(cache, uid) {
  const own = `-${process.getuid()}`;
  for (const name of readdirSync(cache)) {
    if (!name.endsWith(own)) throw new Error(`${join(cache, name)}: expected a name that ends with ${own}`);
    for (const file of readdirSync(join(cache, name))) chmodSync(join(cache, name, file), 0o644);
    renameSync(join(cache, name), join(cache, `${name.slice(0, -own.length)}-${uid}`));
  }
}

/** A library reads its WebAssembly from a file beside it, unless it is asked for as one with it inside. */
function wasmWithin() {
  const library = "@platformatic/wasm-utils";
  return {
    name: "wasm-within",
    resolveId(source, importer) {
      return source === library ? this.resolve(`${library}/bundled`, importer) : undefined;
    },
  };
}

/** Runs what controllers load once, against no API server, so that its code is in the cache. */
async function warm(entry, args) {
  const temporary = mkdtempSync(join(tmpdir(), "bellows-build-"));
  const kubeconfig = join(temporary, "kubeconfig");
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      clusters: [{ name: "none", cluster: { server: "https://127.0.0.1:1" } }],
      users: [{ name: "none", user: { token: "none" } }],
      contexts: [{ name: "none", context: { cluster: "none", user: "none" } }],
      "current-context": "none",
    }),
  );
  const served = ["--bind-address=127.0.0.1", "--metrics-port=0", `--kubeconfig=${kubeconfig}`];
  const child = spawn(process.execPath, [...process.execArgv, entry, ...args, ...served], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    await new Promise((done, failed) => {
      let text = "";
      child.stdout.on("data", (chunk) => {
        text += chunk;
        if (/no access to the API server|not started yet/.test(text)) done();
      });
      child.on("exit", (code) => failed(new Error(`the bundle does not start (exit code ${code}): ${text}`)));
    });
  } finally {
    child.removeAllListeners("exit");
    const ended = new Promise((done) => child.on("exit", done));
    child.kill("SIGTERM");
    await ended;
    rmSync(temporary, { recursive: true });
  }
}
