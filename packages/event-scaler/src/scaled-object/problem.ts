import type { Status } from "./status.ts";

/** What is wrong with a ScaledObject or around it. Not a fault of this program: it ends as a condition and Events. */
export class Problem extends Error {
  override readonly name = "Problem";
  /** Events beside the one that says what the condition says. */
  readonly events: readonly { readonly reason: string; readonly message: string }[];

  /**
   * @param doing  what could not be done, as upstream puts it
   * @param cause  why
   */
  constructor(doing: string, cause: string, events: Problem["events"] = []) {
    super(`${doing}: ${cause}`);
    this.events = events;
  }
}

/** What a reconcile came to. */
export interface Step {
  /** Of the Ready condition. */
  readonly message: string;
  /** Fields of the status to set; `undefined` takes one away. */
  readonly status: { readonly [Field in keyof Status]?: Status[Field] | undefined };
}
