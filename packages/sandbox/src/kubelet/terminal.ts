import type { Container } from "@bellows/api";
import { programOf, waitsForCommands } from "../usage/index.ts";

/** 128 and the number of SIGINT. */
export const interruptedExitCode = 130;
const controlC = 0x03;
const controlD = 0x04;
const lineEnds: readonly number[] = [0x0a, 0x0d];
/** More of a line is not kept: only `exit` is looked for. */
const lineLength = 80;

/**
 * Reads what is typed at a container's terminal until it ends the container, and resolves to the exit code; to
 * undefined when the one who types leaves first. A shell that waits for commands ends by `exit` or Ctrl-D, anything
 * else by Ctrl-C.
 */
export async function typedEnd(container: Container, stdin: AsyncIterable<Uint8Array>): Promise<number | undefined> {
  const { obeysTerm } = programOf(container);
  const isShell = waitsForCommands(container);
  let line = "";
  for await (const chunk of stdin) {
    for (const byte of chunk) {
      if (byte === controlC) {
        if (!isShell) return obeysTerm ? 0 : interruptedExitCode;
        line = "";
      } else if (isShell && byte === controlD && line === "") return 0;
      else if (lineEnds.includes(byte)) {
        const exit = isShell && /^\s*exit(?:\s+(\d{1,3}))?\s*$/.exec(line);
        if (exit) return Number(exit[1] ?? 0) & 0xff;
        line = "";
      } else line = (line + String.fromCharCode(byte)).slice(-lineLength);
    }
  }
  return undefined;
}
