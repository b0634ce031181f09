import { runConformance } from "@bellows/conformance";
import { realTarget } from "@bellows/conformance/real-target";
import type { Suite } from "../suite.ts";

/** The sandbox's API server against this one. */
export const conformance: Suite = {
  name: "conformance",
  cases: [
    {
      name: "the sandbox answers as this API server does, but where it is known to differ",
      async run({ controlPlane: { kubeconfig, etcd }, print, note, signal }) {
        const noted = (text: string) => {
          print(text);
          const [, cases, same, known, different] = /^\| all \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|/m.exec(text) ?? [];
          if (cases !== undefined)
            note(`${cases} cases: ${same} the same, ${known} known to differ, ${different} different`);
          if (text.startsWith("differential: ")) note(text);
        };
        const passed = await runConformance({ real: await realTarget(kubeconfig, etcd), print: noted, signal });
        if (!passed) throw new Error("answers differ; they are listed above");
      },
    },
  ],
};
