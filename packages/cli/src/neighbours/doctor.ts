import { CustomResourceDefinition } from "@bellows/api";
import { ApiError, type Client, createClient, kubeconfigTransport, systemClock } from "@bellows/kube";
import { type DefinitionProblem, definitionProblems } from "./definitions.ts";
import { type FoundNeighbour, findNeighbours } from "./find-neighbours.ts";
import { everything, survey } from "./survey.ts";

export interface Diagnosis {
  readonly neighbours: readonly FoundNeighbour[];
  readonly definitions: readonly DefinitionProblem[];
  /** Kinds that could not be looked at. */
  readonly unseen: readonly string[];
}

/** What in a cluster would fight with our controllers, or keep them from working. */
export async function diagnose(client: Client, now: number): Promise<Diagnosis> {
  const { surroundings, unseen } = await survey(client, everything);
  try {
    const { items } = await client.listAll(CustomResourceDefinition);
    return { neighbours: findNeighbours(surroundings, now), definitions: definitionProblems(items), unseen };
  } catch (error) {
    if (!(error instanceof ApiError && error.code === 403)) throw error;
    const kinds = [...unseen, "customresourcedefinitions.apiextensions.k8s.io"];
    return { neighbours: findNeighbours(surroundings, now), definitions: [], unseen: kinds };
  }
}

const isConflict = ({ live, rivals }: FoundNeighbour): boolean => live && rivals.length > 0;

/** A diagnosis as `bellows doctor` prints it, line by line. */
export function diagnosisLines({ neighbours, definitions, unseen }: Diagnosis): string[] {
  const lines: string[] = [];
  for (const { name, live, rivals, beside, evidence, fix } of neighbours) {
    lines.push(
      !live
        ? `LEFT OVER ${name}`
        : rivals.length > 0
          ? `CONFLICT  ${name}: bellows ${rivals.join(", ")} would act on the same objects`
          : `BESIDE    ${name}: bellows ${beside} leaves its targets to it`,
    );
    lines.push(...evidence.map((each) => `          found: ${each}`), `          do:    ${fix}`);
  }
  for (const { name, problem, fix } of definitions)
    lines.push(`CRD       ${name} ${problem}`, `          do:    ${fix}`);
  for (const kind of unseen) {
    lines.push(`UNSEEN    ${kind}: may not be read`, `          do:    run doctor with a kubeconfig that may read it`);
  }
  const conflicts = neighbours.filter(isConflict).length;
  lines.push(
    lines.length === 0
      ? "nothing stands in the way: no other autoscaler, and every CRD as this version brings it"
      : `${conflicts} conflicts, ${neighbours.filter(({ live }) => !live).length} left over, ${definitions.length} CRD problems, ${unseen.length} kinds unseen`,
  );
  return lines;
}

/**
 * `bellows doctor`.
 * @returns whether no conflict was found
 */
export async function doctor(
  options: { readonly kubeconfig?: string; readonly context?: string; readonly output: "text" | "json" },
  print: (line: string) => void,
): Promise<boolean> {
  const client = createClient(await kubeconfigTransport(options), { clock: systemClock, userAgent: "bellows-doctor" });
  const diagnosis = await diagnose(client, systemClock.now());
  if (options.output === "json") print(JSON.stringify(diagnosis, undefined, 2));
  else for (const line of diagnosisLines(diagnosis)) print(line);
  return !diagnosis.neighbours.some(isConflict);
}
