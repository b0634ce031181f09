import { type HorizontalPodAutoscalerCondition, timestamp } from "@bellows/api";

/** The conditions of an autoscaler while it is decided about: each type once, in the order in which they were first set. */
export class Conditions {
  readonly #list: HorizontalPodAutoscalerCondition[];
  readonly #now: number;

  constructor(list: readonly HorizontalPodAutoscalerCondition[], now: number) {
    this.#list = [...list];
    this.#now = now;
  }

  get list(): readonly HorizontalPodAutoscalerCondition[] {
    return this.#list;
  }

  set(type: string, status: "True" | "False", reason: string, message: string): void {
    const place = this.#list.findIndex((condition) => condition.type === type);
    const existing = this.#list[place];
    const lastTransitionTime = existing?.status === status ? existing.lastTransitionTime : timestamp(this.#now);
    const condition =
      lastTransitionTime === undefined
        ? { type, status, reason, message }
        : { type, status, lastTransitionTime, reason, message };
    if (existing) this.#list[place] = condition;
    else this.#list.push(condition);
  }
}
