import type { Client } from "@bellows/kube";
import type { NodesOptions } from "@bellows/sandbox";

/** The control plane that a run has, and what suites may do to it. */
export interface ControlPlane {
  /** What brought it, and of which version: `kubeconfig`, `docker` or `go`. */
  readonly driver: string;
  /** A kubeconfig file of a cluster administrator. */
  readonly kubeconfig: string;
  /** As that administrator, over HTTPS. */
  readonly client: Client;
  /** Of etcd, where the driver has it. */
  readonly etcd?: string;
  /** The key that signs service accounts' tokens, as PEM, where the driver has it. */
  readonly serviceAccountKey?: string;
  /** File of audit events, one JSON text a line: what service accounts other than the cluster's own asked for. */
  readonly auditLog?: string;
  /** Ends kube-apiserver and starts it again on the same port and data; absent where the driver cannot. */
  readonly restartApiServer?: () => Promise<void>;
  /** Runs kube-controller-manager's HPA controller too; how to end it. Absent where the driver cannot. */
  readonly startInTreeHpa?: () => Promise<() => Promise<void>>;
  /** With what kubelets of this machine serve the API server, where the driver has told it of them. */
  readonly kubeletApi?: NonNullable<NodesOptions["kubeletApi"]>;
  /** The address at which the API server reaches this machine; absent: this machine's own. */
  readonly hostAddress?: string;
}

/** One that ends with the run. */
export interface StartedControlPlane extends ControlPlane {
  stop(): Promise<void>;
}

export interface SuiteContext {
  readonly controlPlane: ControlPlane;
  readonly kubectl: string;
  /** Where processes log, and files of a run are; gone with it unless it is kept. */
  readonly folder: string;
  readonly print: (line: string) => void;
  /** Puts a line into the summary at the end. */
  readonly note: (text: string) => void;
  /** Another control plane, with nothing in it; absent where there is only the one. */
  readonly startControlPlane?: () => Promise<StartedControlPlane>;
  /** Aborts when the run is to end: Ctrl-C, or its time is over. */
  readonly signal: AbortSignal;
}

/** One thing that must hold. It throws where it does not. */
export interface Case {
  readonly name: string;
  readonly run: (context: SuiteContext) => Promise<void>;
  /**
   * Cases of one lane run one after the other, lanes at the same time where every case can have a control plane of its
   * own; default: one lane for all.
   */
  readonly lane?: string;
  /** Why it does not run. */
  readonly skipped?: string;
  /** What this machine lacks for it: then it is skipped, and the run says so. */
  readonly missing?: () => string | undefined;
}

/** A group of cases that `--only` can name. Suites run one after the other, in the order of `suites/index.ts`. */
export interface Suite {
  readonly name: string;
  readonly cases: readonly Case[];
  /** Most of its time is waiting: it may run beside others, as a process with a control plane of its own. */
  readonly beside?: boolean;
  /** Before its cases; what it returns runs after them, also when one has failed. */
  readonly start?: (context: SuiteContext) => Promise<() => Promise<void>>;
}
