import type { Area } from "../harness/case.ts";
import { knownDifferences } from "../known-differences.ts";
import { access } from "./access.ts";
import { admission } from "./admission.ts";
import { apply } from "./apply.ts";
import { broughtKinds } from "./brought-kinds.ts";
import { cascades } from "./cascades.ts";
import { customResources } from "./custom-resources.ts";
import { discovery } from "./discovery.ts";
import { events } from "./events.ts";
import { evictions } from "./eviction.ts";
import { expiry } from "./expiry.ts";
import { fieldValidation } from "./field-validation.ts";
import { jobs } from "./jobs.ts";
import { defaults, emptyObjects, tables, wrongFields, wrongMetadata } from "./kinds.ts";
import { lists } from "./lists.ts";
import { openapi } from "./openapi.ts";
import { patches } from "./patches.ts";
import { reachedServers } from "./reached-servers.ts";
import { requests } from "./requests.ts";
import { rollouts } from "./rollouts.ts";
import { scheduling } from "./scheduling.ts";
import { services } from "./services.ts";
import { subresources } from "./subresources.ts";
import { validation } from "./validation.ts";
import { watching } from "./watching.ts";

const all: readonly Area[] = [
  defaults,
  tables,
  emptyObjects,
  wrongFields,
  wrongMetadata,
  requests,
  discovery,
  openapi,
  lists,
  watching,
  apply,
  cascades,
  fieldValidation,
  patches,
  subresources,
  customResources,
  broughtKinds,
  evictions,
  events,
  rollouts,
  jobs,
  access,
  admission,
  reachedServers,
  validation,
  services,
  scheduling,
  expiry,
];

const unused = new Set(Object.keys(knownDifferences));

/** Every area, its cases with the differences that are known. */
export const areas: readonly Area[] = all.map((area) => ({
  ...area,
  cases: area.cases.map((one) => {
    const key = `${area.name}: ${one.name}`;
    unused.delete(key);
    const differs = knownDifferences[key];
    return differs === undefined ? one : { ...one, differs };
  }),
}));
if (unused.size > 0) throw new Error(`known-differences.ts names no case: ${[...unused].join("; ")}`);
