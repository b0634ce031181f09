/** What a container's streams are read from and written to once a connection has been upgraded. */
export interface StreamChannels {
  /** What the client types; ends when the client closes its side. */
  readonly stdin: AsyncIterable<Uint8Array>;
  stdout(chunk: string | Uint8Array): Promise<void>;
  stderr(chunk: string | Uint8Array): Promise<void>;
  /** Aborted when the client has gone away. */
  readonly signal: AbortSignal;
}

/** How a command or a container ended: exit code 0 is success. */
export interface StreamResult {
  readonly exitCode: number;
}

/** Serves `exec` and `attach` on an upgraded connection. */
export interface UpgradeHandler {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
  run(channels: StreamChannels): Promise<StreamResult>;
}
