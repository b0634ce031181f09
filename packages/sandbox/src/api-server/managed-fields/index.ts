export type { FieldSet } from "./field-set.ts";
export { PathElementError } from "./path-element.ts";
export { recordUpdate, type UpdateRecord } from "./record-update.ts";
export { type Application, serverSideApply } from "./server-side-apply.ts";
export type { VersionedSchema, VersionLookup } from "./update-ownership.ts";
