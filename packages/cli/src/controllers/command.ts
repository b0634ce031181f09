import { readFileSync } from "node:fs";
import { environmentVariableOf, flagOf } from "@bellows/api";
import type { Command } from "commander";
import type { z } from "zod";
import { type ControllerCommand, controllerCommands, plannedCommands } from "./catalogue.ts";
import { readSettings, SettingsRefused, typeOf } from "./settings.ts";

/** Exit codes: 2, a setting can't be used; 1, the process could not go on. */
const refused = 2;

/** Adds the commands of the controllers, each with its settings as options, to the program. */
export function addControllerCommands(program: Command): void {
  for (const [name, { summary, load }] of Object.entries(controllerCommands)) {
    const command = passThrough(program.command(name).description(summary));
    command.action(async (words: string[]) => run(command, name, [await load()], words));
  }
  for (const [name, message] of Object.entries(plannedCommands)) {
    const command = passThrough(program.command(name).description(`${message}`));
    command.action(() => fail(`bellows ${name}: ${message}`));
  }
  const all = passThrough(
    program.command("all").description("Run several controllers in one process, for small clusters"),
  );
  all.action(async (words: string[]) => {
    const index = words.findIndex((word) => word === "--controllers" || word.startsWith("--controllers="));
    const found = index === -1 ? undefined : (words[index]?.split("=")[1] ?? words[index + 1]);
    const names = found?.split(",") ?? [];
    const unknown = names.filter((each) => !(each in controllerCommands));
    if (names.length === 0 || unknown.length > 0) {
      fail(
        `--controllers: ${unknown.join(",") || "not given"}, expected any of ${Object.keys(controllerCommands).join(", ")}, separated by commas`,
      );
    }
    const rest = words.filter((_, at) => at !== index && !(at === index + 1 && !words[index]?.includes("=")));
    await run(
      all,
      "all",
      await Promise.all(
        names.map((each) => (controllerCommands[each] as { load(): Promise<ControllerCommand> }).load()),
      ),
      rest,
    );
  });
}

/** Options are read by the settings of the controller, which are loaded with it. */
const passThrough = (command: Command): Command =>
  command.argument("[options...]").allowUnknownOption().helpOption(false).allowExcessArguments();

async function run(
  command: Command,
  name: string,
  commands: readonly ControllerCommand[],
  words: readonly string[],
): Promise<void> {
  const keys = new Map(commands.flatMap(({ settings }) => Object.entries(settings.shape as Record<string, z.ZodType>)));
  if (words.includes("--help") || words.includes("-h")) {
    process.stdout.write(helpText(name, command.description(), keys));
    return;
  }
  try {
    const given = parseWords(words, keys);
    const environment = process.env;
    const file = given.config === undefined ? undefined : await configFile(given.config);
    // The values that a kubeconfig's own variable names are client-node's to read.
    const read = commands.map((each) => {
      const shape = each.settings.shape as Record<string, z.ZodType>;
      const own = (values: object) =>
        Object.fromEntries(Object.entries(values).filter(([key]) => commands.length === 1 || key in shape));
      const flags = own(given.flags) as Record<string, string>;
      const values = file && (commands.length === 1 ? file : { ...file, values: own((file.values ?? {}) as object) });
      const { KUBECONFIG: _, ...variables } = environment;
      return {
        command: each,
        settings: readSettings(each.settings, { flags, environment: variables, ...(values && { file: values }) }),
      };
    });
    const isAlone = commands.length === 1;
    const prepared = read.flatMap(({ command: each, settings }) =>
      [each.prepare(settings as never)].flat().map((set) => ({
        command: set.name === undefined ? each : { ...each, name: set.name },
        set: isAlone && set.projectionsAlone ? { ...set, projections: set.projectionsAlone } : set,
      })),
    );
    const restricted = prepared.find(({ set }) => set.watchNamespace !== undefined)?.set.watchNamespace;
    if (!isAlone && restricted !== undefined)
      throw new RangeError(
        `--watch-namespace, WATCH_NAMESPACE: ${JSON.stringify(restricted)}, expected nothing: the other controllers of this process look at every namespace`,
      );
    const { runControllers } = await import("./run-controllers.ts");
    const stop = new AbortController();
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      // In place of the bundle's own, which ends what has not begun. Told twice, it ends at once.
      process.removeAllListeners(signal);
      process.on(signal, () => (stop.signal.aborted ? process.exit(1) : stop.abort()));
    }
    // A dashboard has no election; where it runs with others, theirs counts.
    const settings = Object.assign({}, ...read.map((each) => each.settings));
    const wasTold = await runControllers(name, settings, prepared, stop.signal);
    process.exit(wasTold ? 0 : 1);
  } catch (error) {
    if (error instanceof SettingsRefused || error instanceof RangeError) fail(error.message);
    throw error;
  }
}

function parseWords(
  words: readonly string[],
  settings: ReadonlyMap<string, z.ZodType>,
): { flags: Record<string, string>; config?: string } {
  const byFlag = new Map([...settings.keys()].map((key) => [flagOf(key), key]));
  const flags: Record<string, string> = {};
  let config: string | undefined;
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as string;
    const [, flag = "", inline] = /^--?([A-Za-z][\w-]*)(?:=(.*))?$/s.exec(word) ?? [];
    const key = byFlag.get(flag);
    if (flag !== "config" && key === undefined) {
      throw new SettingsRefused(
        `${word}: unknown, expected any of ${[...byFlag.keys(), "config"].map((each) => `--${each}`).join(", ")}`,
      );
    }
    const setting = key === undefined ? undefined : settings.get(key);
    const isSwitch = setting !== undefined && typeOf(setting) === "boolean";
    const next = words[index + 1];
    const takesNext =
      inline === undefined && next !== undefined && (isSwitch ? next === "true" || next === "false" : true);
    if (takesNext) index++;
    const value = inline ?? (takesNext ? next : isSwitch ? "true" : undefined);
    if (value === undefined) throw new SettingsRefused(`${word}: nothing, expected a value`);
    if (key === undefined) config = value;
    else flags[key] = value;
  }
  return { flags, ...(config !== undefined && { config }) };
}

async function configFile(name: string): Promise<{ name: string; values: unknown }> {
  const { parse } = await import("yaml");
  try {
    return { name, values: parse(readFileSync(name, "utf8")) };
  } catch (error) {
    throw new SettingsRefused(
      `--config: ${JSON.stringify(name)}, expected a YAML file that can be read (${(error as Error).message.split("\n")[0]})`,
    );
  }
}

function helpText(name: string, summary: string, settings: ReadonlyMap<string, z.ZodType>): string {
  const rows = [...settings].map(([key, setting]) => {
    const value = setting.safeParse(undefined);
    const shown = value.success && value.data !== undefined ? ` (default ${JSON.stringify(value.data)})` : "";
    return [
      `--${flagOf(key)}`,
      `${setting.meta()?.description ?? ""}${shown} [${environmentVariableOf(key, setting)}]`,
    ];
  });
  rows.push([
    "--config",
    "A YAML file of settings by name. Flags come before the environment, which comes before the file.",
  ]);
  const width = Math.max(...rows.map(([flag]) => flag?.length ?? 0)) + 2;
  const options = rows.map(([flag = "", text]) => `  ${flag.padEnd(width)}${text}`).join("\n");
  return `Usage: bellows ${name} [options]\n\n${summary}\n\nOptions:\n${options}\n`;
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(refused);
}
