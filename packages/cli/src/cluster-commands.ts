import { type Command, Option } from "commander";
import type { UnregisterOptions } from "./unregister.ts";
import type { WhyOptions } from "./why.ts";

/** Adds what looks at a cluster, or tidies it up, and ends: of a checkout and of the image. */
export function addClusterCommands(program: Command): void {
  program
    .command("doctor")
    .description("Look for other autoscalers and wrong CRDs in a cluster, and say what to do; exits 1 on a conflict")
    .option("--kubeconfig <file>", "the cluster; default as kubectl's")
    .option("--context <name>", "the kubeconfig's context; default its current one")
    .addOption(new Option("-o, --output <format>", "how to print it").choices(["text", "json"]).default("text"))
    .action(async (options: { kubeconfig?: string; context?: string; output: "text" | "json" }) => {
      const { doctor } = await import("./neighbours/doctor.ts");
      const ok = await doctor(options, (line) => process.stdout.write(`${line}\n`));
      process.exitCode = ok ? 0 : 1;
    });

  program
    .command("why")
    .description("Say why an object is as it is: the inputs, steps and limits of the last decision about it")
    .argument("<object>", "hpa/NAME, scaledobject/NAME or nodeclaim/NAME")
    .option("-n, --namespace <name>", "its namespace; default that of the kubeconfig's context")
    .option("--kubeconfig <file>", "the cluster; default as kubectl's")
    .option("--context <name>", "the kubeconfig's context; default its current one")
    .addOption(new Option("-o, --output <format>", "how to print it").choices(["text", "json"]).default("text"))
    .action(async (object: string, options: WhyOptions) => {
      const { why } = await import("./why.ts");
      await why(object, options, (line) => process.stdout.write(`${line}\n`));
    });

  program
    .command("unregister")
    .description("Give the external metrics API and KEDA's webhooks back, before an event scaler is uninstalled")
    .option("-n, --namespace <name>", "that of the release; default that of the kubeconfig's context")
    .option(
      "--service-name <name>",
      "the Service of the event scaler; bellows-all for all in one",
      "bellows-event-scaler",
    )
    .option("--stop", "scale the event scaler's Deployment to 0 first; without it a running one is refused")
    .option("--kubeconfig <file>", "the cluster; default as kubectl's")
    .option("--context <name>", "the kubeconfig's context; default its current one")
    .action(async (options: UnregisterOptions) => {
      const { unregister } = await import("./unregister.ts");
      await unregister(options, (line) => process.stdout.write(`${line}\n`));
    });
}
