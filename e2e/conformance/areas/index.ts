import type { Area } from "../harness/case.ts";
import { discovery } from "./discovery.ts";
import { defaults, emptyObjects, tables, wrongFields } from "./kinds.ts";
import { lists } from "./lists.ts";
import { openapi } from "./openapi.ts";
import { requests } from "./requests.ts";
import { watching } from "./watching.ts";

export const areas: readonly Area[] = [
  defaults,
  tables,
  emptyObjects,
  wrongFields,
  requests,
  discovery,
  openapi,
  lists,
  watching,
];
