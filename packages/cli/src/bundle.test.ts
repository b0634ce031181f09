import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const bootstrap = resolve(import.meta.dirname, "../bootstrap");
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "bellows-bundle-"));
  const { status, stderr } = spawnSync(process.execPath, [join(bootstrap, "build.mjs"), join(folder, "app")], {
    encoding: "utf8",
  });
  expect(status, stderr).toBe(0);
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true }));

// The build itself has started three controllers from the bundle, and failed otherwise.
const bellows = (...args: string[]) =>
  spawnSync(process.execPath, [join(folder, "app/bellows.mjs"), ...args], { cwd: folder, env: {}, encoding: "utf8" });

test("the bundle lists its controllers with nothing else on the module path", () => {
  const { status, stdout } = bellows("--help");
  expect(status).toBe(0);
  for (const name of ["all", "cpa", "dashboard", "doctor", "hpa", "node-provisioner", "why"])
    expect(stdout).toMatch(new RegExp(`^  ${name} `, "m"));
});

test("a wrong setting ends it with exit code 2 and a line that names it", () => {
  const { status, stderr } = bellows("hpa", "--horizontal-pod-autoscaler-sync-period=15");
  expect(status).toBe(2);
  expect(stderr).toBe('--horizontal-pod-autoscaler-sync-period: "15", expected a duration such as 15s or 1h30m\n');
});

test("told to end before it has begun it ends, since the first process of a container is deaf to what nobody listens to", () => {
  const early = join(folder, "early");
  mkdirSync(early);
  copyFileSync(join(folder, "app/bellows.mjs"), join(early, "bellows.mjs"));
  writeFileSync(join(early, "main.mjs"), 'setInterval(() => {}, 1_000); process.kill(process.pid, "SIGTERM");');
  const { status, signal } = spawnSync(process.execPath, [join(early, "bellows.mjs")], { timeout: 20_000 });
  expect({ status, signal }).toEqual({ status: 143, signal: null });
});

test("it imports nothing but itself and Node", () => {
  const chunks = readdirSync(join(folder, "app/chunks")).map((name) =>
    readFileSync(join(folder, "app/chunks", name), "utf8"),
  );
  const named = chunks.flatMap((code) =>
    [...code.matchAll(/(?:^|[;}])import[^"';]*["']([^"']+)["']/g)].map(([, from]) => from as string),
  );
  expect(
    named.filter((from) => !from.startsWith(".") && !from.startsWith("node:") && !/^[a-z_]+(\/[a-z]+)?$/.test(from)),
  ).toEqual([]);
});

test("it reads no file that a library has beside its code", () => {
  const code = readdirSync(join(folder, "app/chunks")).map((name) =>
    readFileSync(join(folder, "app/chunks", name), "utf8"),
  );
  expect(code.flatMap((chunk) => chunk.match(/[\w./-]+\.(?:wasm|node)(?=["'`])/g) ?? [])).toEqual([]);
});

test("what its code reads from beside it is there", () => {
  const chunks = join(folder, "app/chunks");
  const code = readdirSync(chunks)
    .filter((name) => name.endsWith(".mjs"))
    .map((name) => readFileSync(join(chunks, name), "utf8"));
  const read = code.flatMap((chunk) => [...chunk.matchAll(/new URL\([`"']([^`"']+)[`"'],\s*import\.meta\.url\)/g)]);
  const files = read.map(([, file]) => file as string);
  expect(files).toEqual(expect.arrayContaining([expect.stringContaining("catalogue.generated.json")]));
  for (const file of files) expect(existsSync(join(chunks, file)), file).toBe(true);
});

test("the bill of materials has what runs, and no tools", () => {
  const file = join(folder, "sbom.json");
  const { status, stderr } = spawnSync(process.execPath, [join(bootstrap, "sbom.mjs"), file], { encoding: "utf8" });
  expect(status, stderr).toBe(0);
  const bill = JSON.parse(readFileSync(file, "utf8"));
  expect(bill).toMatchObject({
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    metadata: { component: { type: "application" } },
  });
  const purls = (bill.components as { purl: string }[]).map(({ purl }) => purl.replace(/@[^@]*$/, ""));
  expect(purls).toEqual(
    expect.arrayContaining(["pkg:npm/fastify", "pkg:npm/undici", "pkg:npm/zod", "pkg:npm/prom-client"]),
  );
  for (const tool of ["vitest", "typescript", "rolldown", "fast-check"]) expect(purls).not.toContain(`pkg:npm/${tool}`);
});

test("the image's bill of materials has what the bundle holds, and no dependency that nothing of it uses", () => {
  const [file, list] = [join(folder, "image-sbom.json"), join(folder, "app/bundled.json")];
  const { status, stderr } = spawnSync(process.execPath, [join(bootstrap, "sbom.mjs"), file, list], {
    encoding: "utf8",
  });
  expect(status, stderr).toBe(0);
  const bill = JSON.parse(readFileSync(file, "utf8"));
  const purls = (bill.components as { purl: string }[]).map(({ purl }) => purl).sort();
  const held = (JSON.parse(readFileSync(list, "utf8")) as string[]).filter((url) => !url.includes("%40bellows/cli@"));
  expect(purls).toEqual(held);
  const names = purls.map((purl) => purl.replace(/@[^@]*$/, ""));
  expect(names).toEqual(expect.arrayContaining(["pkg:npm/%40bellows/hpa", "pkg:npm/fastify", "pkg:npm/undici"]));
  expect(names.filter((name) => name.includes("%40types/"))).toEqual([]);
  const refs = (bill.dependencies as { ref: string; dependsOn: string[] }[]).flatMap(({ dependsOn }) => dependsOn);
  expect(refs.filter((ref) => !purls.includes(ref))).toEqual([]);
});
