import { Command, InvalidArgumentError } from "commander";
import { addClusterCommands } from "./cluster-commands.ts";
import { addControllerCommands } from "./controllers/command.ts";
import type { SandboxCommandOptions } from "./sandbox.ts";

/** The bellows command. Each subcommand loads what it needs when it runs, so that none waits for another's code. */
export function bellows(): Command {
  const program = new Command("bellows")
    .description("An autoscaling suite for Kubernetes on EC2")
    .showHelpAfterError("Add --help for the options.")
    .configureHelp({ sortSubcommands: true });

  program
    .command("sandbox")
    .description("Run an embedded Kubernetes cluster on simulated EC2")
    .option("--host <address>", "where the API server listens; only this machine can reach the default", "127.0.0.1")
    .option("--port <number>", "port of the API server; 0 takes any free one", portNumber, 7443)
    .option(
      "--metrics-port <number>",
      "port of the dashboard, /metrics, /healthz and /readyz; 0 takes any free one",
      portNumber,
      7480,
    )
    .option("--speed <factor>", "how many times as fast as the clock on the wall time passes", positiveNumber, 1)
    .option("--seed <number>", "makes names, jitter and prices the same in each run", wholeNumber)
    .option("--region <name>", "AWS region", "us-east-1")
    .option(
      "--cluster-name <name>",
      "name of the cluster; subnets and security groups carry it as a discovery tag",
      "bellows",
    )
    .option("--nodes <number>", "nodes of the first node group", wholeNumber, 3)
    .option("--instance-type <name>", "instance type of the first node group", "t3.medium")
    .option(
      "--controllers <list>",
      `which controllers act, of ${controllerNames.join(", ")}; none for none`,
      controllerList,
      [...controllerNames],
    )
    .option("--kubeconfig <file>", "where to write the kubeconfig", defaultKubeconfigFile)
    .option("--data-dir <directory>", "keeps the cluster over restarts; without it all is gone when the sandbox stops")
    .option("--verbose", "log what the parts of the sandbox do", false)
    .action(async (options: SandboxCommandOptions) => {
      const { sandbox, defaultKubeconfig } = await import("./sandbox.ts");
      const kubeconfig = options.kubeconfig === defaultKubeconfigFile ? defaultKubeconfig : options.kubeconfig;
      await sandbox({ ...options, kubeconfig }, (line) => process.stdout.write(`${line}\n`));
      process.exit(0);
    });

  program
    .command("scenario")
    .description("Run a scenario in virtual time and check what becomes of it")
    .argument("<file>", "a scenario file (docs/guides/scenarios.md)")
    .action(async (file: string) => {
      const { scenario } = await import("./scenario.ts");
      const ok = await scenario(file, (line) => process.stdout.write(`${line}\n`));
      process.exitCode = ok ? 0 : 1;
    });

  program
    .command("vectors")
    .description("Run an engine on recorded cases and compare its answers")
    .argument("<kind>", "hpa or karpenter")
    .argument("<file>", "JSON lines, gzipped or not")
    .action(async (kind: string, file: string) => {
      const { runVectors } = await import("./vectors.ts");
      const ok = await runVectors(kind, file, (line) => process.stdout.write(`${line}\n`));
      process.exitCode = ok ? 0 : 1;
    });

  program
    .command("bench")
    .description("Measure speed and memory; prints median, spread and target of each measure, and the machine")
    .argument("<name>", "hpa, kube, sandbox or startup")
    .action(async (name: string) => {
      const { bench } = await import("./bench/bench.ts");
      const to = (stream: NodeJS.WriteStream) => (line: string) => stream.write(`${line}\n`);
      await bench(name, to(process.stdout), to(process.stderr));
      process.exit(0);
    });

  program
    .command("generate")
    .description("Write the generated files anew, or check that they are current")
    .option("--check", "only compare; fails where a file is stale")
    .action(async ({ check = false }: { check?: boolean }) => {
      const { generate } = await import("./generate.ts");
      process.exitCode = (await generate(check, (line) => process.stdout.write(`${line}\n`))) ? 0 : 1;
    });

  addClusterCommands(program);
  addControllerCommands(program);
  return program;
}

const controllerNames = ["hpa", "cpa", "event-scaler", "node-provisioner"] as const;
const defaultKubeconfigFile = ".bellows/kubeconfig";

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("Expected a whole number.");
  return Number(text);
}

function portNumber(text: string): number {
  const port = wholeNumber(text);
  if (port > 65_535) throw new InvalidArgumentError("Expected a port, 0 to 65535.");
  return port;
}

function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) throw new InvalidArgumentError("Expected a number above 0.");
  return value;
}

function controllerList(text: string): (typeof controllerNames)[number][] {
  const names = text === "none" ? [] : text.split(",").map((name) => name.trim());
  return names.map((name) => {
    const known = controllerNames.find((each) => each === name);
    if (!known)
      throw new InvalidArgumentError(`Expected any of ${controllerNames.join(", ")}, separated by commas, or none.`);
    return known;
  });
}
