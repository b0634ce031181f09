import { BellowsHorizontalPodAutoscaler } from "@bellows/api";
import { type HpaSettings, hpaController, hpaOptions, hpaProjections } from "@bellows/hpa";
import { isNotFound } from "@bellows/kube";
import type { ControllerParts, ControllerSet } from "./catalogue.ts";

/** The twin's definition may come later than the controller. */
const lookForTwinMs = 60_000;

/**
 * The controllers of HorizontalPodAutoscalers: of autoscaling/v2, which stands by while kube-controller-manager's acts,
 * and of the twin kind, which nobody else serves.
 */
export function hpaSets(settings: HpaSettings): ControllerSet[] {
  const options = hpaOptions(settings);
  const projectionsAlone = hpaProjections();
  const group = settings.horizontalPodAutoscalerApiGroup;
  const upstream: ControllerSet = { projectionsAlone, controllers: () => [hpaController(options)] };
  const twin: ControllerSet = {
    name: "hpa-twin",
    projectionsAlone,
    async controllers(parts) {
      if (group === "auto" && !(await isTwinServed(parts))) {
        whenTwinIsServed(parts);
        return [];
      }
      return [hpaController({ ...options, kind: BellowsHorizontalPodAutoscaler })];
    },
  };
  return { auto: [upstream, twin], autoscaling: [upstream], "autoscaling.bellows.dev": [twin] }[group];
}

const { apiVersion, kind } = BellowsHorizontalPodAutoscaler;

async function isTwinServed({ client }: ControllerParts): Promise<boolean> {
  try {
    return (await client.resourceOf(apiVersion, kind)) !== undefined;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

/** A cache never syncs with a kind that is not served, and would hold up the other: the process begins anew with it. */
function whenTwinIsServed(parts: ControllerParts): void {
  const { clock, log, signal } = parts;
  log.warn("only autoscaling/v2 is served: the definition of its twin is not installed", {
    definition: "horizontalpodautoscalers.autoscaling.bellows.dev",
  });
  const look = () =>
    void isTwinServed(parts).then(
      (served) => (served ? parts.giveUp("the definition of the twin kind is there now") : again()),
      again,
    );
  const again = () => {
    const timer = clock.after(lookForTwinMs, look);
    signal.addEventListener("abort", () => timer.cancel(), { once: true });
  };
  again();
}
