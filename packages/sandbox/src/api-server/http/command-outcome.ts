import type { StreamResult } from "../upgrade.ts";

/** What the error channel of remotecommand tells at the end: a Status. */
export const commandOutcome = ({ exitCode }: StreamResult): object =>
  exitCode === 0
    ? { metadata: {}, status: "Success" }
    : {
        metadata: {},
        status: "Failure",
        reason: "NonZeroExitCode",
        message: `command terminated with non-zero exit code: exit status ${exitCode}`,
        details: { causes: [{ reason: "ExitCode", message: String(exitCode) }] },
      };
