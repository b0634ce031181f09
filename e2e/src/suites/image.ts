import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { ensureInstalled, chartNamespace as namespace, uninstall } from "../chart/chart.ts";
import { type BuiltImage, baseImage, buildImage, sizeOf, whyNotBuilt } from "../image/built-image.ts";
import { confined, readableKubeconfig, startContainer } from "../image/container.ts";
import { createContainer, docker, removeContainer, tryDocker } from "../image/docker-command.ts";
import type { Case, Suite, SuiteContext } from "../suite.ts";

const tag = "bellows:e2e";
const megabyte = 1e6;
/** What is beside the base: the bundle and its compiled code. */
const mostAddedBytes = 60 * megabyte;
/** To `/healthz`. Told and not required: the machine has other work. */
const startTargetMs = 400;
/** A pod has 30 s, and what it is asked at the end of a run is little. */
const stopLimitMs = 10_000;

const expect = (holds: boolean, message: string) => {
  if (!holds) throw new Error(message);
};

/** Its ports are the machine's, and nobody reaches it behind its Services. */
const unserved: Readonly<Record<string, readonly string[]>> = {
  "event-scaler": ["--secure-port=0", "--register-api-service=false", "--register-webhooks=false"],
  "node-provisioner": ["--webhook-port=0", "--register-conversion=false"],
};

const nodes = (part: string) => [`${part}.config.cloud=simulated`, `${part}.config.clusterName=bellows-e2e`];
const parts = ["hpa", "cpa", "eventScaler", "nodeProvisioner", "dashboard"].flatMap((part) => [
  `${part}.enabled=true`,
  `${part}.replicas=0`,
]);
const eachAlone = [...parts, ...nodes("nodeProvisioner")];
const allInOne = [
  "allInOne.enabled=true",
  "allInOne.replicas=0",
  "allInOne.controllers={hpa,cpa,event-scaler,node-provisioner,dashboard}",
  ...nodes("allInOne"),
];

let building: Promise<BuiltImage> | undefined;

/** The image, which the first case that is run has built. */
function built(print: SuiteContext["print"]): Promise<BuiltImage> {
  if (!building) print("        building the image (some minutes)");
  building ??= buildImage(tag);
  return building;
}

/** It starts, is ready with the rights of the chart, and ends when it is told to. */
const runs = (name: string, values: readonly string[], more: readonly string[] = unserved[name] ?? []): Case => ({
  name: `bellows ${name} in a container, confined as its pod is, is ready, and SIGTERM ends it with 0`,
  async run(context) {
    await ensureInstalled(context, ...values);
    const container = await startContainer(tag, name, namespace, context, more);
    try {
      await container.ready();
      const { exitCode, ms } = await container.stop();
      const answers = `/healthz ${container.answersAfterMs} ms after the start (target ${startTargetMs})`;
      context.note(`${name}: ${answers}, ended ${ms.toFixed(0)} ms after SIGTERM`);
      const log = await container.log();
      expect(exitCode === 0, `exit code ${exitCode}: ${log}`);
      expect(ms < stopLimitMs, `it took ${ms.toFixed(0)} ms to end: ${log}`);
    } finally {
      await container.remove();
    }
  },
});

/** Runs a command of the image, confined. */
const command = (...args: readonly string[]) => tryDocker("run", "--rm", ...confined, ...args);

interface Bill {
  readonly components: readonly { readonly purl: string }[];
}

const purlsOf = (bill: string): string[] => (JSON.parse(bill) as Bill).components.map(({ purl }) => purl).sort();

/** Reads files of the image. */
async function copied(paths: readonly string[], { folder }: SuiteContext): Promise<string[]> {
  const id = await createContainer(tag);
  try {
    return await Promise.all(
      paths.map(async (path, index) => {
        const file = join(folder, `copied-${index}`);
        await docker("cp", `${id}:${path}`, file);
        return readFileSync(file, "utf8");
      }),
    );
  } finally {
    await removeContainer(id);
  }
}

const cases: readonly Case[] = [
  {
    name: "it is built from what git has, and adds little to its base",
    async run({ note, print }) {
      const { revision } = await built(print);
      const [size, base] = await Promise.all([sizeOf(tag), sizeOf(baseImage())]);
      const added = size - base;
      const inMegabytes = (bytes: number) => `${(bytes / megabyte).toFixed(1)} MB`;
      note(`image: ${inMegabytes(size)}, of which ${inMegabytes(added)} beside ${baseImage()}`);
      expect(added > 0 && added < mostAddedBytes, `${inMegabytes(added)} beside its base`);
      const { Config } = (JSON.parse(await docker("image", "inspect", tag)) as { Config: ImageConfig }[])[0] ?? {};
      expect(Config?.User === "65532:65532", `its user is ${Config?.User}`);
      const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
      const labels = { title: "bellows", licenses: "Apache-2.0", version, revision };
      for (const [label, value] of Object.entries(labels)) {
        const found = Config?.Labels?.[`org.opencontainers.image.${label}`];
        expect(found === value, `its label ${label} is ${found}, expected ${value}`);
      }
    },
  },
  {
    name: "its bill of materials is that of the repository and has what the bundle holds, and it has no other packages",
    async run(context) {
      const [inImage = "", bundled = ""] = await copied(["/app/sbom.cdx.json", "/app/bundled.json"], context);
      const file = join(context.folder, "sbom.json");
      const { status, stderr } = spawnSync("npm", ["run", "-s", "sbom", "--", file], { cwd: root, encoding: "utf8" });
      expect(status === 0, `npm run sbom: ${stderr}`);
      const ours = purlsOf(readFileSync(file, "utf8"));
      const theirs = purlsOf(inImage);
      const surplus = theirs.filter((purl) => !ours.includes(purl));
      expect(surplus.length === 0, `of no dependency: ${surplus}`);
      const held = (JSON.parse(bundled) as string[]).filter((url) => !url.includes("%40bellows/cli@")).sort();
      expect(held.length > 50 && held.join() === theirs.join(), `the bundle holds\n${held}\nand is said to\n${theirs}`);
      const { output } = await command("--entrypoint", "find", tag, "/app", "-name", "node_modules");
      expect(output === "", `packages beside the bundle: ${output}`);
      context.note(`image: ${held.length} packages in the bundle and its bill of materials`);
    },
  },
  {
    name: "bellows --help, and a wrong setting",
    async run() {
      const help = await command(tag);
      expect(help.code === 0 && /^ {2}node-provisioner /m.test(help.output), `${help.code}: ${help.errors}`);
      const wrong = await command(tag, "hpa", "--horizontal-pod-autoscaler-sync-period=15");
      expect(wrong.code === 2 && wrong.errors.includes("expected a duration"), `${wrong.code}: ${wrong.errors}`);
    },
  },
  {
    name: "bellows doctor, on the cluster",
    async run(context) {
      await ensureInstalled(context, ...eachAlone);
      const kubeconfig = await readableKubeconfig("bellows-hpa", namespace, context);
      const mounted = ["--network", "host", "--volume", `${kubeconfig}:/kubeconfig:ro`];
      const { code, output, errors } = await command(...mounted, tag, "doctor", "--kubeconfig=/kubeconfig");
      expect(code === 0 && output !== "", `${code}: ${output}${errors}`);
    },
  },
  ...["hpa", "cpa", "event-scaler", "node-provisioner", "dashboard"].map((name) => runs(name, eachAlone)),
  runs("all", allInOne, Object.values(unserved).flat()),
];

const root = resolve(import.meta.dirname, "../../..");

interface ImageConfig {
  readonly User?: string;
  readonly Labels?: Readonly<Record<string, string>>;
}

/** deploy/image, built by the machine's Docker and run as the chart's pods would be, beside the run's control plane. */
export const image: Suite = {
  name: "image",
  async start(context) {
    return async () => {
      if (whyNotBuilt() !== undefined) return;
      await uninstall(context);
      await tryDocker("image", "rm", tag);
      building = undefined;
    };
  },
  cases: cases.map((one) => ({
    ...one,
    missing: whyNotBuilt,
    async run(context) {
      await built(context.print);
      await one.run(context);
    },
  })),
};
