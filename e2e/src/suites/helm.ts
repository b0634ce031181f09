import { APIService, ClusterRole } from "@bellows/api";
import {
  chart,
  ensureInstalled,
  helm,
  install,
  kubectl,
  chartNamespace as namespace,
  tryHelm,
  uninstall,
} from "../chart/chart.ts";
import { upgradesDefinitions } from "../chart/definition-upgrade.ts";
import { expectedUnused } from "../chart/expected-unused.ts";
import { refusals, settingsOf } from "../chart/refused-values.ts";
import { renderings } from "../chart/rendered-values.ts";
import { requestsOf, unusedRights } from "../chart/rights.ts";
import { allInOne, type Scenario, scenarios, withController } from "../chart/scenarios.ts";
import { runUnregisterHook } from "../chart/unregister-hook.ts";
import { watchesOneNamespace } from "../chart/watched-namespace.ts";
import { startFromChart } from "../controllers/start-from-chart.ts";
import type { Case, Suite, SuiteContext } from "../suite.ts";
import { waitFor } from "./waiting.ts";

const expect = (holds: boolean, message: string) => {
  if (!holds) throw new Error(message);
};

const options: readonly (readonly string[])[] = [
  ["replicas=1"],
  ["serviceMonitor.enabled=true", "serviceMonitor.labels.release=prometheus"],
  ["rbac.create=false"],
  ["networkPolicy.enabled=false"],
  ["podLabels.a=b", "env[0].name=VAULT_ADDR", "env[0].value=https://vault", "envFrom[0].secretRef.name=vault"],
];

/** Parts by their folder. */
const folders = {
  hpa: "hpa",
  cpa: "cpa",
  "event-scaler": "eventScaler",
  dashboard: "dashboard",
  "node-provisioner": "nodeProvisioner",
  "all-in-one": "allInOne",
};

const parts = Object.values(folders);

/** Every way to choose controllers; each option that adds or leaves out objects, for each of them. */
function* matrix(): Generator<readonly string[]> {
  for (let chosen = 0; chosen < 2 ** parts.length; chosen++) {
    const names = parts.filter((_, index) => chosen & (1 << index));
    const values = names.map((name) => `${name}.enabled=true`);
    if (!names.includes("allInOne")) yield values;
    // What runs alone runs in no second process.
    else if (!names.includes("hpa")) yield [...values, "allInOne.controllers={hpa}"];
  }
  for (const option of options)
    for (const name of parts) yield [`${name}.enabled=true`, ...option.map((each) => `${name}.${each}`)];
}

const values = scenarios.flatMap((each) => each.values);

/** Its work is done, nothing was refused on the way, and no right of its roles is without a use. */
const worksWithItsRights = (scenario: Scenario, values: readonly string[]): Case => ({
  name: `bellows ${scenario.name} does its work with the rights that the chart gives it, and needs each of them`,
  async run(context) {
    const account = `bellows-${scenario.name}`;
    await ensureInstalled(context, ...values);
    await withController(scenario, context, async (running) => {
      await scenario.run(context, running);
      const refused = running.logLines().filter((line) => /is forbidden|"reason":"Forbidden"/.test(line));
      expect(refused.length === 0, `the chart's role lacks: ${refused.join("\n")}`);
    });
    const requests = requestsOf(account, context);
    if (!requests) return context.print("        (this API server keeps no audit log: rights are not compared)");
    expect(requests.refused.length === 0, `refused: ${requests.refused.join(", ")}`);
    const expected = expectedUnused(scenario.name);
    const unused = (await unusedRights(account, context)) ?? [];
    const surplus = unused.filter((right) => !(right in expected));
    expect(surplus.length === 0, `rights that it did not need: ${surplus.join(", ")}`);
    context.print(
      `        ${requests.granted.length} requests; not needed in this run: ${unused.join(", ") || "none"}`,
    );
  },
});

/** A right that is taken away is named with what mends it, keeps the process from being ready, and mends when it is back. */
const missesRight = (account: string, verb: string, resource: string, group = ""): Case => ({
  name: `bellows ${account} without ${verb} of ${resource}: it is named, with what mends it`,
  async run(context) {
    const { client } = context.controlPlane;
    const key = { name: `bellows-${account}` };
    await ensureInstalled(context, ...values);
    await scenarios.find(({ name }) => name === account)?.before?.(context);
    const { rules = [] } = await client.get(ClusterRole, key);
    const without = rules.filter(({ resources, verbs }) => !(resources?.includes(resource) && verbs.includes(verb)));
    await client.patch(ClusterRole, key, { type: "merge", body: { rules: without } });
    const running = await startFromChart(account, namespace, context);
    try {
      const fix = `the ClusterRole bellows-${account} must allow ${verb} of ${resource}${group && `.${group}`}`;
      await waitFor(
        "the log names it",
        async () => running.logLines().some((line) => line.includes(fix)) || running.lastLines(),
        context,
      );
      expect((await running.notReady()) !== undefined, "it is ready, expected not");
      await client.patch(ClusterRole, key, { type: "merge", body: { rules } });
      await waitFor("ready once the verb is there", async () => (await running.notReady()) ?? true, context);
    } finally {
      await running.stop();
      await client.patch(ClusterRole, key, { type: "merge", body: { rules } });
    }
  },
});

const apiService = "v1beta1.external.metrics.k8s.io";

const expectRegistered = (service: string, context: SuiteContext): Promise<void> =>
  waitFor(
    `${service} is registered`,
    async () => {
      const found = await context.controlPlane.client.find(APIService, { name: apiService });
      return found?.spec?.service?.name === service || JSON.stringify(found?.spec?.service);
    },
    context,
  );

/** All that the hook was made of goes with it. */
async function expectNoHook(service: string, context: SuiteContext): Promise<void> {
  const kinds = "jobs,serviceaccounts,roles,rolebindings,clusterroles,clusterrolebindings,networkpolicies";
  const label = `app.kubernetes.io/name=${service}-unregister`;
  const left = await kubectl(context, ["get", kinds, "-n", namespace, "-l", label, "-o", "name"]);
  expect(left === "", `left over: ${left}`);
}

/** The chart, installed and used; each controller runs as a process with the rights of its own service account. */
export const helmSuite: Suite = {
  name: "helm",
  async start(context) {
    return async () => await uninstall(context);
  },
  cases: [
    {
      name: "helm lint finds nothing",
      run: async (context) => void (await helm(context, "lint", "--strict", chart)),
    },
    {
      name: "every choice of controllers renders",
      async run(context) {
        let count = 0;
        for (const chosen of matrix()) {
          const set = chosen.flatMap((value) => ["--set", value]);
          await helm(context, "template", "bellows", chart, "--set", "crds.enabled=false", ...set);
          count++;
        }
        context.print(`     ${count} choices of values rendered`);
      },
    },
    ...renderings.map(({ name, set, json, contains = [], lacks = [] }) => ({
      name: `values: ${name}`,
      run: async (context: SuiteContext) => {
        const chosen = ["crds.enabled=false", ...set].flatMap((value) => ["--set", value]);
        if (json) chosen.push("--set-json", json);
        const text = await helm(context, "template", "bellows", chart, "-n", "default", ...chosen);
        const missing = contains.filter((part) => !text.includes(part));
        const surplus = lacks.filter((part) => text.includes(part));
        expect(missing.length === 0, `not there: ${missing.join("; ")}\n${text}`);
        expect(surplus.length === 0, `there: ${surplus.join("; ")}`);
      },
    })),
    {
      name: "a list in the place of any setting is refused with its path",
      async run(context) {
        for (const [folder, part] of Object.entries(folders)) {
          const settings = settingsOf(folder);
          const config = JSON.stringify(Object.fromEntries(settings.map((key) => [key, [{}]])));
          const chosen = ["--set", `${part}.enabled=true`, "--set-json", `${part}.config=${config}`];
          const { errors } = await tryHelm(context, "template", "bellows", chart, ...chosen);
          const silent = settings.filter((key) => !errors.includes(`at '/config/${key}': `));
          expect(settings.length > 0 && silent.length === 0, `${part}: nothing is said of ${silent}: ${errors}`);
        }
      },
    },
    ...refusals.map(({ set, says }) => ({
      name: `--set ${set} is refused with its place`,
      run: async (context: SuiteContext) => {
        const chosen = ["crds.enabled=false", "hpa.enabled=true", set].flatMap((value) => ["--set", value]);
        const { ok, errors } = await tryHelm(context, "template", "bellows", chart, ...chosen);
        expect(!ok && errors.includes(says), `said ${errors.slice(0, 500)}, expected ${says}`);
      },
    })),
    {
      name: "install, upgrade, rollback",
      async run(context) {
        await install(context, "hpa.enabled=true");
        await install(context, ...values);
        const deployments = async () =>
          (await kubectl(context, ["-n", namespace, "get", "deploy", "-o", "name"])).trim().split("\n").sort().join();
        const count = (await deployments()).split(",").length;
        expect(count === scenarios.length, `${count} Deployments after the upgrade, expected ${scenarios.length}`);
        await helm(context, "rollback", "bellows", "1", "-n", namespace);
        const left = await deployments();
        expect(left === "deployment.apps/bellows-hpa", `after the rollback: ${left}`);
        const notes = await install(context, ...values);
        const chosen = "Chosen: cpa, dashboard, event-scaler, hpa, node-provisioner.";
        expect(notes.includes(chosen), `the notes say ${notes}`);
      },
    },
    ...scenarios.map((scenario) => worksWithItsRights(scenario, values)),
    {
      name: "an upgrade keeps the certificate of the conversion",
      async run(context) {
        const certificate = () =>
          kubectl(context, [
            ...["get", "crd", "nodepools.karpenter.sh"],
            ...["-o", "jsonpath={.spec.conversion.webhook.clientConfig.caBundle}"],
          ]);
        await ensureInstalled(context, ...values);
        const before = await certificate();
        await install(context, ...values);
        const after = await certificate();
        expect(before !== "" && after === before, `it was ${before}, and is ${after}`);
      },
    },
    missesRight("hpa", "list", "pods"),
    missesRight("event-scaler", "list", "scaledjobs", "keda.sh"),
    missesRight("node-provisioner", "list", "persistentvolumes"),
    worksWithItsRights(allInOne, allInOne.values),
    {
      name: "bellows event-scaler of one namespace acts there and nowhere else, and has no rights elsewhere",
      run: (context) => watchesOneNamespace(scenarios.find(({ name }) => name === "event-scaler") as Scenario, context),
    },
    {
      name: "an upgrade that leaves the event scaler out gives back what it registered",
      async run(context) {
        await ensureInstalled(context, ...allInOne.values);
        await withController(allInOne, context, async () => expectRegistered("bellows-all", context));
        const hook = await runUnregisterHook("bellows-all", install(context, "hpa.enabled=true"), context);
        const printed = [
          "apiservice v1beta1.external.metrics.k8s.io: deleted",
          "validatingwebhookconfiguration keda-admission: deleted",
        ];
        expect(hook.printed.join() === printed.join(), `it said ${hook.printed.join("\n")}`);
        expect(!hook.refused?.length, `refused: ${hook.refused}`);
        await expectNoHook("bellows-all", context);
      },
    },
    {
      name: "uninstall stops the event scaler and gives the metrics API back, by a hook with the rights for just that",
      async run(context) {
        const { client } = context.controlPlane;
        const adapter = { namespace: "default", name: "prometheus-adapter", port: 443 };
        await client.create(APIService, {
          metadata: { name: apiService },
          spec: {
            group: "external.metrics.k8s.io",
            version: "v1beta1",
            service: adapter,
            insecureSkipTLSVerify: true,
            groupPriorityMinimum: 100,
            versionPriority: 100,
          },
        });
        const scenario = scenarios.find(({ name }) => name === "event-scaler") as Scenario;
        await ensureInstalled(context, ...scenario.values);
        await withController(scenario, context, async () => expectRegistered("bellows-event-scaler", context));
        await install(context, ...scenario.values, "eventScaler.replicas=1");
        const uninstalled = helm(context, "uninstall", "bellows", "-n", namespace);
        const hook = await runUnregisterHook("bellows-event-scaler", uninstalled, context);
        const printed = [
          `deployment ${namespace}/bellows-event-scaler: scaled from 1 to 0`,
          `apiservice ${apiService}: given back to default/prometheus-adapter`,
          "validatingwebhookconfiguration keda-admission: deleted",
        ];
        expect(hook.printed.join() === printed.join(), `it said ${hook.printed.join("\n")}`);
        const { spec } = await client.get(APIService, { name: apiService });
        expect(spec?.service?.name === adapter.name, `the APIService leads to ${JSON.stringify(spec?.service)}`);
        await client.delete(APIService, { name: apiService });
        await expectNoHook("bellows-event-scaler", context);
        expect(!hook.refused?.length, `refused: ${hook.refused}`);
        const unused = hook.unused ?? [];
        // Where no adapter had it before: the case above.
        const surplus = unused.filter((right) => right !== "delete apiregistration.k8s.io/apiservices");
        expect(surplus.length === 0, `rights that it did not need: ${surplus.join(", ")}`);
      },
    },
    {
      name: "an upgrade brings a definition's new fields; objects outlive it, an uninstall and a second install",
      run: upgradesDefinitions,
    },
    {
      name: "uninstall keeps the definitions, and a second install takes them again",
      async run(context) {
        await install(context);
        await helm(context, "uninstall", "bellows", "-n", namespace);
        const definitions = await kubectl(context, [
          "get",
          "crd",
          "-l",
          "app.kubernetes.io/part-of=bellows",
          "-o",
          "name",
        ]);
        expect(definitions.trim().split("\n").length >= 16, definitions);
        await install(context);
        const { ok, errors } = await tryHelm(context, "install", "other", chart, "-n", "default");
        expect(!ok && errors.includes("is installed already, by bellows"), `a second release: ${errors}`);
      },
    },
  ],
};
