import type { Conversation } from "./conversation.ts";

/** One behaviour of a control plane: a conversation that both servers must answer alike. */
export interface Case {
  readonly name: string;
  readonly run: (talk: Conversation) => Promise<unknown>;
  /** Why the sandbox knowingly answers otherwise; the case fails when it no longer does. See docs/differences.md. */
  readonly differs?: string;
  /** Works without a namespace of its own. */
  readonly clusterOnly?: boolean;
  /** Needs a server that has forgotten old revisions. */
  readonly needsCompaction?: boolean;
  /** Needs a store that reports how far a quiet watch has come. */
  readonly needsProgress?: boolean;
}

export interface Area {
  readonly name: string;
  readonly cases: readonly Case[];
  /** Its cases see the whole cluster: they run one after another, and no others beside them. */
  readonly alone?: boolean;
  /** Makes what its cases share, before the first of them; what it deletes at its end goes after the last case of all. */
  readonly prepare?: (talk: Conversation) => Promise<void>;
}

type Run = Case["run"];
type Facts = Omit<Case, "name" | "run">;

/** `it("what is so", async (t) => ...)` */
export const it = (name: string, run: Run, facts: Facts = {}): Case => ({ name, run, ...facts });

export function area(name: string, cases: readonly Case[], facts: Omit<Area, "name" | "cases"> = {}): Area {
  const names = new Set<string>();
  for (const one of cases) {
    if (names.has(one.name)) throw new Error(`${name}: two cases are called "${one.name}"`);
    names.add(one.name);
  }
  return { name, cases, ...facts };
}
