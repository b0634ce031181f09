// `npm run sbom [-- FILE]`: a CycloneDX bill of what the image's bundle is made from, the production dependencies.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");
const file = resolve(process.argv[2] ?? join(root, "dist/sbom.cdx.json"));
const format = ["--sbom-format", "cyclonedx", "--sbom-spec-version", "1.6", "--sbom-type", "application"];
const { status, stdout, stderr } = spawnSync(
  join(root, "node_modules/.bin/pnpm"),
  ["sbom", "--prod", "--lockfile-only", "--filter", "@bellows/cli", ...format],
  { cwd: root, encoding: "utf8", maxBuffer: 2 ** 26 },
);
if (status !== 0) throw new Error(`pnpm sbom failed: ${stderr}${stdout}`);
const bill = JSON.parse(stdout);
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, stdout);
process.stdout.write(`${file}: ${bill.components.length} components\n`);
