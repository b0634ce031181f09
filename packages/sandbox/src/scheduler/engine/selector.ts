import {
  type LabelSelector,
  type Labels,
  type Selector,
  SelectorError,
  selectorOf,
  selectorOfLabels,
} from "@bellows/api";

/** A label selector made ready for many matches. `text` is equal for selectors that match the same. */
export interface Matcher {
  readonly text: string;
  matches(labels: Labels | undefined): boolean;
}

const nothing: Matcher = { text: "<none>", matches: () => false };

const matcher = (selector: Selector): Matcher => ({
  text: selector.toString(),
  matches: (labels) => selector.matches(labels),
});

/** A selector that is undefined, or that can't be read, matches nothing; one that is empty matches everything. */
export function matcherOf(selector: LabelSelector | undefined): Matcher {
  if (!selector) return nothing;
  try {
    return matcher(selectorOf(selector));
  } catch (error) {
    if (error instanceof SelectorError) return nothing;
    throw error;
  }
}

/** Matches labels that hold all of `set`; an empty or absent set matches nothing (a Service without selector). */
export const setMatcher = (set: Labels | undefined): Matcher =>
  set && Object.keys(set).length > 0 ? matcher(selectorOfLabels(set)) : nothing;
