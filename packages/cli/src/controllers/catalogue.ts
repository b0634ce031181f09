import type { Settings } from "@bellows/api";
import type {
  Client,
  Clock,
  Controller,
  InformerCache,
  Logger,
  Metrics,
  Projection,
  Random,
  ServingOptions,
} from "@bellows/kube";
import type { z } from "zod";

/** What a controller is started with: the process's client, and a cache that it shares with others in one process. */
export interface ControllerParts {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly cache: InformerCache;
  readonly metrics: Metrics;
  /** The pod's, or the kubeconfig's. */
  readonly namespace: string;
  /** Aborted when what was made with these parts is to end. */
  readonly signal: AbortSignal;
  /** Runs when what was made with these parts has ended, and is waited for before it is made anew. Last first. */
  atEnd(run: () => Promise<void>): void;
  /** Ends the process with exit code 1, after the reconciles at work. */
  giveUp(reason: string): void;
}

/** What a set has for what it serves to the API server. */
export type ServingParts = Omit<ControllerParts, "cache" | "metrics" | "giveUp">;

/** What runs in a process for one controller. */
export interface ControllerSet {
  /** The definitions that it works with by its settings; left out: those of the command. */
  readonly definitions?: readonly string[];
  /** What neighbours know it as: a set that may act beside a rival of the others has a name of its own. Default: the command's. */
  readonly name?: string;
  /** For controllers that keep much and make little anew: see `limitHeapGrowth`. Default: the image's. */
  readonly heapGrowthPercent?: number;
  readonly projections?: readonly Projection[];
  /** Instead, where no other command shares the cache, whose controllers may read more of the same objects. */
  readonly projectionsAlone?: readonly Projection[];
  /** The one namespace whose objects it looks at; default all. Only of a command that runs alone. */
  readonly watchNamespace?: string;
  /** Begins to serve what others need of this process also while it stands by or another replica leads. */
  serve?(parts: ServingParts): Promise<void>;
  /** Called once the cache is made; the signal of its parts aborts when these controllers are to end. */
  controllers?(parts: ControllerParts): Promise<readonly Controller[]> | readonly Controller[];
  /** What is served beside /metrics and health. */
  routes?(parts: Pick<ControllerParts, "client" | "clock">): NonNullable<ServingOptions["routes"]>;
}

export interface ControllerCommand<S extends Settings = Settings> {
  readonly name: string;
  readonly summary: string;
  readonly settings: S;
  /** The definitions that it works with, by name; its role lets it get them. */
  readonly definitions?: readonly string[];
  /** @throws RangeError naming settings that don't fit together */
  prepare(settings: z.output<S>): ControllerSet | readonly ControllerSet[];
}

const command = <S extends Settings>(definition: ControllerCommand<S>): ControllerCommand =>
  definition as unknown as ControllerCommand;

/** Each controller's command by its name; its code is loaded when it is asked for. */
export const controllerCommands: Readonly<
  Record<string, { readonly summary: string; load(): Promise<ControllerCommand> }>
> = {
  hpa: {
    summary: "Run the HorizontalPodAutoscaler controller on a cluster",
    async load() {
      const { HpaSettings } = await import("@bellows/hpa");
      const { hpaSets } = await import("./hpa.ts");
      return command({
        name: "hpa",
        summary:
          "Replicas by metrics (HorizontalPodAutoscaler of autoscaling/v2, and its twin of autoscaling.bellows.dev).",
        settings: HpaSettings,
        definitions: ["horizontalpodautoscalers.autoscaling.bellows.dev"],
        prepare: hpaSets,
      });
    },
  },
  cpa: {
    summary: "Run the ClusterProportionalAutoscaler controller on a cluster",
    async load() {
      const { CpaSettings, cpaProcess } = await import("@bellows/cpa");
      return command({
        name: "cpa",
        summary: "Replicas by the number of nodes and cores.",
        settings: CpaSettings,
        definitions: ["clusterproportionalautoscalers.bellows.dev"],
        prepare(settings) {
          const { projections, controllers, routes } = cpaProcess(settings);
          const definitions = settings.clusterProportionalAutoscalers ? {} : { definitions: [] };
          return { projections, controllers, routes: () => routes, ...definitions };
        },
      });
    },
  },
  "event-scaler": {
    summary: "Run the ScaledObject and ScaledJob controllers, and the external metrics API, on a cluster",
    async load() {
      // Its triggers are loaded when it acts.
      const { EventScalerSettings } = await import("@bellows/event-scaler/config");
      const { eventScalerProjections } = await import("@bellows/event-scaler/projections");
      return command({
        name: "event-scaler",
        summary: "Replicas and Jobs by events (keda.sh ScaledObject, ScaledJob).",
        settings: EventScalerSettings,
        definitions: [
          ...["scaledobjects", "scaledjobs", "triggerauthentications", "clustertriggerauthentications"].map(
            (plural) => `${plural}.keda.sh`,
          ),
          ...["cloudeventsources", "clustercloudeventsources"].map((plural) => `${plural}.eventing.keda.sh`),
        ],
        prepare: (settings) => ({
          projectionsAlone: eventScalerProjections(),
          ...(settings.watchNamespace && { watchNamespace: settings.watchNamespace }),
          // Thousands of open triggers stay, and what a poll makes is little.
          heapGrowthPercent: 10,
          async controllers(parts) {
            const { eventScalerControllers } = await import("./event-scaler.ts");
            return eventScalerControllers(parts, settings);
          },
        }),
      });
    },
  },
  "node-provisioner": {
    summary: "Run the node provisioner on a cluster (simulated cloud only, so far)",
    async load() {
      const { NodeProvisionerSettings, nodeProvisionerOptions } = await import("@bellows/node-provisioner/config");
      return command({
        name: "node-provisioner",
        summary: "Nodes for pods that fit on none (karpenter.sh NodePool).",
        settings: NodeProvisionerSettings,
        definitions: [
          ...["nodepools", "nodeclaims", "provisioners"].map((plural) => `${plural}.karpenter.sh`),
          ...["ec2nodeclasses", "awsnodetemplates"].map((plural) => `${plural}.karpenter.k8s.aws`),
        ],
        prepare(settings) {
          if (settings.cloud === "aws") {
            throw new RangeError(
              '--cloud: "aws", expected simulated: launching on AWS is not in this version. simulated makes nodes without machines, for sandboxes and tests only',
            );
          }
          nodeProvisionerOptions(settings, undefined as never);
          return {
            async serve(parts) {
              const { serveConversion } = await import("./serve-conversion.ts");
              await serveConversion(parts, settings);
            },
            async controllers(parts) {
              const { provisionerControllers } = await import("./node-provisioner.ts");
              return provisionerControllers(parts, settings);
            },
          };
        },
      });
    },
  },
  dashboard: {
    summary: "Serve the dashboard of a cluster",
    async load() {
      const { DashboardSettings, dashboardRoutes } = await import("@bellows/dashboard");
      return command({
        name: "dashboard",
        summary: "A page of nodes, pods, autoscalers and decisions.",
        settings: DashboardSettings,
        prepare({ dashboardToken: token }) {
          if (token === undefined)
            throw new RangeError("--dashboard-token, DASHBOARD_TOKEN: not given, expected at least 16 characters");
          return { routes: ({ client, clock }) => dashboardRoutes({ client, clock, token }) };
        },
      });
    },
  },
};

/** What is to come: its commands exist, and say so. */
export const plannedCommands: Readonly<Record<string, string>> = {
  vpa: "the VerticalPodAutoscaler controllers are not in this version",
};
