import type { Suite } from "../suite.ts";
import { conformance } from "./conformance.ts";
import { cpaChart } from "./cpa-chart.ts";
import { eventScaler } from "./event-scaler.ts";
import { helmSuite } from "./helm.ts";
import { hpa } from "./hpa.ts";
import { image } from "./image.ts";
import { neighbours } from "./neighbours.ts";
import { nodes } from "./nodes.ts";
import { robustness } from "./robustness.ts";
import { triggers } from "./triggers.ts";
import { walkThroughs } from "./walkthroughs.ts";

/** Every suite, in the order in which they run: conformance wants a cluster that nobody else is using. */
export const suites: readonly Suite[] = [
  conformance,
  helmSuite,
  cpaChart,
  image,
  nodes,
  robustness,
  neighbours,
  hpa,
  walkThroughs,
  eventScaler,
  triggers,
];
