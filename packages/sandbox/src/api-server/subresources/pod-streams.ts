import type { ApiObject } from "../api-object.ts";
import type { StreamChannels, StreamResult } from "../upgrade.ts";

/** v1 PodLogOptions. */
export interface PodLogOptions {
  readonly container: string;
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  /** An instant in milliseconds: only lines from then on. */
  readonly since: number | undefined;
  readonly tailLines: number | undefined;
  readonly limitBytes: number | undefined;
  readonly signal: AbortSignal | undefined;
}

/** What kubelets answer for the containers that they run. */
export interface PodStreams {
  /** Lines with their line ends. Ends with the container when following. */
  logs(pod: ApiObject, options: PodLogOptions): AsyncIterable<string>;
  exec(pod: ApiObject, container: string, command: readonly string[], channels: StreamChannels): Promise<StreamResult>;
  attach(pod: ApiObject, container: string, channels: StreamChannels): Promise<StreamResult>;
}

/** Before any kubelet has registered. */
export const noPodStreams: PodStreams = {
  async *logs() {},
  async exec() {
    return { exitCode: 127 };
  },
  async attach() {
    return { exitCode: 0 };
  },
};
