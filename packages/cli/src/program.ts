import { Command } from "commander";

/** The bellows command. Each subcommand loads what it needs when it runs, so that none waits for another's code. */
export function bellows(): Command {
  const program = new Command("bellows")
    .description("An autoscaling suite for Kubernetes on EC2")
    .showHelpAfterError()
    .configureHelp({ sortSubcommands: true });

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
    .argument("<kind>", "hpa")
    .argument("<file>", "JSON lines, gzipped or not")
    .action(async (kind: string, file: string) => {
      const { runVectors } = await import("./vectors.ts");
      const ok = await runVectors(kind, file, (line) => process.stdout.write(`${line}\n`));
      process.exitCode = ok ? 0 : 1;
    });

  program
    .command("generate")
    .description("Write the generated files anew, or check that they are current")
    .option("--check", "only compare; fails where a file is stale")
    .action(async ({ check = false }: { check?: boolean }) => {
      const { generate } = await import("./generate.ts");
      process.exitCode = generate(check, (line) => process.stdout.write(`${line}\n`)) ? 0 : 1;
    });

  return program;
}
