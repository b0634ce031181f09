// `npm run sbom [-- FILE [BUNDLED]]`: a CycloneDX bill of the production dependencies. With the list that the build writes
// beside the bundle (bundled.json), of what the bundle holds and nothing else, as the image has it.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");
const [, , target, bundled] = process.argv;
const file = resolve(target ?? join(root, "dist/sbom.cdx.json"));
const format = ["--sbom-format", "cyclonedx", "--sbom-spec-version", "1.6", "--sbom-type", "application"];
const { status, stdout, stderr } = spawnSync(
  join(root, "node_modules/.bin/pnpm"),
  ["sbom", "--prod", "--lockfile-only", "--filter", "@bellows/cli", ...format],
  { cwd: root, encoding: "utf8", maxBuffer: 2 ** 26 },
);
if (status !== 0) throw new Error(`pnpm sbom failed: ${stderr}${stdout}`);
const bill = JSON.parse(stdout);
if (bundled) keepOnly(JSON.parse(readFileSync(bundled, "utf8")));
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, `${JSON.stringify(bill, null, 2)}\n`);
process.stdout.write(`${file}: ${bill.components.length} components\n`);

/** @param urls  of packages; each must be in the bill */
function keepOnly(urls) {
  const itself = bill.metadata.component.purl ?? bill.metadata.component["bom-ref"];
  const unknown = urls.filter((url) => url !== itself && !bill.components.some(({ purl }) => purl === url));
  if (unknown.length > 0) throw new Error(`in the bundle, and no production dependency: ${unknown.join(", ")}`);
  bill.components = bill.components.filter(({ purl }) => urls.includes(purl));
  const kept = new Set(bill.components.map((component) => component["bom-ref"]));
  const product = bill.metadata.component["bom-ref"];
  bill.dependencies = bill.dependencies
    .filter(({ ref }) => ref === product || kept.has(ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((each) => kept.has(each)) }));
}
