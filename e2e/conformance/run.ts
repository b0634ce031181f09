// Runs the suite by itself on a control plane that is already there; `npm run e2e` brings one.
import { parseArgs } from "node:util";
import { realTarget } from "./harness/real-target.ts";
import { runConformance } from "./index.ts";

const { values } = parseArgs({
  options: {
    kubeconfig: { type: "string" },
    etcd: { type: "string" },
    area: { type: "string" },
    case: { type: "string" },
    record: { type: "boolean" },
    seed: { type: "string" },
    sequences: { type: "string" },
    calls: { type: "string" },
    times: { type: "boolean" },
  },
});
const file = values.kubeconfig ?? process.env["BELLOWS_E2E_KUBECONFIG"];
if (!file) throw new Error("--kubeconfig FILE or BELLOWS_E2E_KUBECONFIG names the control plane to compare with");
const passed = await runConformance({
  real: await realTarget(file, values.etcd),
  record: values.record ?? false,
  times: values.times ?? false,
  print: (line) => process.stdout.write(`${line}\n`),
  ...(values.area && { area: values.area }),
  ...(values.case && { case: values.case }),
  ...(values.seed && { seed: Number(values.seed) }),
  ...(values.sequences && { sequences: Number(values.sequences) }),
  ...(values.calls && { calls: Number(values.calls) }),
});
process.exit(passed ? 0 : 1);
