import { spawn } from "node:child_process";
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { silentLogger, systemClock } from "@bellows/kube";
import { afterAll, beforeAll, describe } from "vitest";
import type { BellowsController } from "../cluster/bellows-controllers.ts";
import { type RunningSandbox, startSandbox } from "../sandbox.ts";

export interface Output {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

export interface RunOptions {
  readonly stdin?: string;
  /** The command must end with something else than 0; without it, it must end with 0. */
  readonly expectFailure?: boolean;
  /** Ends a command that would never end by itself, like `get -w`, once what it has printed so far matches. */
  readonly until?: RegExp;
  /** `KUBE_EDITOR`: a shell command, given the file to edit as its last word. */
  readonly editor?: string;
  /** Runs the command at a terminal (util-linux' `script`); `types` is typed once the output matches `after`. */
  readonly terminal?: { readonly after: RegExp; readonly types: string };
  /** More environment variables. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface KubectlSandbox {
  /** Runs one command, given as words or as a line (quotes as in a shell, nothing else of a shell). */
  kubectl(command: string | readonly string[], options?: RunOptions): Promise<Output>;
  /** Runs a command again and again until its standard output matches. */
  eventually(command: string | readonly string[], expected: RegExp): Promise<Output>;
  /** Applies manifests. */
  apply(manifests: string): Promise<Output>;
  /** A file for a command to read; its path. */
  file(name: string, text: string): string;
  /** The running sandbox; known once the tests run. */
  readonly sandbox: RunningSandbox;
}

/** `$KUBECTL`, else the first kubectl on the PATH. */
const binary = process.env.KUBECTL ?? onPath("kubectl");
/** For commands that hang: on a machine that does much besides, any command takes its time. */
const commandMs = 120_000;

/**
 * Tests that drive a sandbox of their own (three nodes, time twenty times as fast) by the real kubectl. Without one they
 * are skipped, and it is said so.
 */
export function describeKubectl(
  name: string,
  body: (cluster: KubectlSandbox) => void,
  { controllers = [] }: { readonly controllers?: readonly BellowsController[] } = {},
): void {
  if (binary === undefined) {
    process.stderr.write(`kubectl is not installed: the commands of this file were not tried (${name})\n`);
    describe.skip(`${name} (kubectl is not installed)`, () => body(notRunning));
    return;
  }
  describe(name, () => {
    let directory = "";
    let running: RunningSandbox | undefined;
    const started = (): RunningSandbox => {
      if (running === undefined) throw new Error("the sandbox is not running yet");
      return running;
    };
    beforeAll(async () => {
      running = await startSandbox({
        port: 0,
        metricsPort: 0,
        speed: 20,
        seed: 1,
        region: "us-east-1",
        clusterName: "bellows",
        nodeGroups: [{ name: "ng1", instanceType: "m5.large", minSize: 3, maxSize: 6, desiredCapacity: 3 }],
        controllers,
        log: silentLogger,
      });
      directory = mkdtempSync(join(tmpdir(), "kubectl-"));
      writeFileSync(join(directory, "config"), running.kubeconfig, { mode: 0o600 });
    });
    afterAll(async () => {
      await running?.stop();
      if (directory !== "") rmSync(directory, { recursive: true, force: true });
    });

    const kubectl = (command: string | readonly string[], options: RunOptions = {}) =>
      run(binary, typeof command === "string" ? wordsOf(command) : command, directory, options);
    body({
      kubectl,
      async eventually(command, expected) {
        for (const end = systemClock.now() + commandMs; ; ) {
          const output = await kubectl(command);
          if (expected.test(output.stdout)) return output;
          if (systemClock.now() > end) throw new Error(`never matched ${expected}:\n${output.stdout}${output.stderr}`);
        }
      },
      apply: (manifests) => kubectl("apply -f -", { stdin: manifests }),
      file(fileName, text) {
        const path = join(directory, fileName);
        writeFileSync(path, text);
        return path;
      },
      get sandbox() {
        return started();
      },
    });
  });
}

const notRunning: KubectlSandbox = {
  kubectl: () => Promise.reject(new Error("kubectl is not installed")),
  eventually: () => Promise.reject(new Error("kubectl is not installed")),
  apply: () => Promise.reject(new Error("kubectl is not installed")),
  file: () => "",
  get sandbox(): RunningSandbox {
    throw new Error("kubectl is not installed");
  },
};

function run(kubectl: string, words: readonly string[], directory: string, options: RunOptions): Promise<Output> {
  const { stdin = "", expectFailure = false, until, editor, terminal, env } = options;
  return new Promise((resolve, reject) => {
    const quoted = [kubectl, ...words].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
    const [program, args] = terminal ? ["script", ["-qec", quoted, "/dev/null"]] : [kubectl, words];
    const child = spawn(program, args, {
      cwd: directory,
      // A home of its own: what discovery caches must not be that of another cluster.
      env: {
        PATH: process.env.PATH,
        HOME: directory,
        KUBECONFIG: join(directory, "config"),
        TZ: "UTC",
        ...(editor !== undefined && { KUBE_EDITOR: editor }),
        ...env,
      },
      timeout: commandMs,
    });
    let stdout = "";
    let stderr = "";
    let matched = false;
    let typed = false;
    const endOnceMatched = () => {
      if (!until?.test(stdout + stderr) || matched) return;
      matched = true;
      child.kill();
    };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      if (terminal?.after.test(stdout) && !typed) {
        typed = true;
        child.stdin.write(terminal.types);
      }
      endOnceMatched();
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      endOnceMatched();
    });
    child.on("error", reject);
    child.on("close", (exitCode, signal) => {
      const code = matched ? 0 : (exitCode ?? -1);
      const asExpected = until === undefined ? (code !== 0) === expectFailure && exitCode !== null : matched;
      if (asExpected) resolve({ stdout, stderr, code });
      else
        reject(
          new Error(
            `kubectl ${words.join(" ")}\nended with ${exitCode ?? signal}:\n${excerpt(stdout)}${excerpt(stderr)}`,
          ),
        );
    });
    // A command that fails before it has read its input closes the pipe.
    child.stdin.on("error", () => undefined);
    if (!terminal) child.stdin.end(stdin);
  });
}

const excerpt = (text: string) => (text.length > 2_000 ? `${text.slice(0, 2_000)} ...\n` : text);

/** The words of a command line: split at blanks, but for what is in single or double quotes. */
function wordsOf(line: string): string[] {
  const words = line.match(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g) ?? [];
  return words.map((word) => word.replaceAll(/"([^"]*)"|'([^']*)'/g, "$1$2"));
}

function onPath(name: string): string | undefined {
  for (const directory of (process.env.PATH ?? "").split(delimiter)) {
    try {
      accessSync(join(directory, name), constants.X_OK);
      return join(directory, name);
    } catch {
      // Not in this one.
    }
  }
  return undefined;
}
