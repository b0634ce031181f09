import { type HorizontalPodAutoscalerCondition, timestamp } from "@bellows/api";

/** The conditions of an autoscaler while it is decided about: each type once, in the order in which they were first set. */
export class Conditions {
  list: readonly HorizontalPodAutoscalerCondition[];
  readonly #now: number;

  constructor(list: readonly HorizontalPodAutoscalerCondition[], now: number) {
    this.list = list;
    this.#now = now;
  }

  set(type: string, status: "True" | "False", reason: string, message: string): void {
    const existing = this.list.find((condition) => condition.type === type);
    const lastTransitionTime = existing?.status === status ? existing.lastTransitionTime : timestamp(this.#now);
    const condition = { type, status, ...(lastTransitionTime && { lastTransitionTime }), reason, message };
    this.list = existing ? this.list.map((each) => (each === existing ? condition : each)) : [...this.list, condition];
  }
}
