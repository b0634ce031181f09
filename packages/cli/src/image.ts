import { Command } from "commander";
import { addClusterCommands } from "./cluster-commands.ts";
import { addControllerCommands } from "./controllers/command.ts";

/** The `bellows` of the image: what works on a cluster, and nothing that works on a checkout. */
const program = new Command("bellows").description("An autoscaling suite for Kubernetes on EC2");
addControllerCommands(program);
addClusterCommands(program);
try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
