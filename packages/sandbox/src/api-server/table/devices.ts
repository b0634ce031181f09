import type { DeviceClass, ResourceClaim, ResourceClaimTemplate, ResourceSlice } from "@bellows/api";
import { ageColumn, columnsFormat, nameColumn, text } from "./columns.ts";

export const deviceClassFormat = columnsFormat<DeviceClass>([nameColumn, ageColumn]);

export const resourceClaimTemplateFormat = columnsFormat<ResourceClaimTemplate>([nameColumn, ageColumn]);

export const resourceClaimFormat = columnsFormat<ResourceClaim>([nameColumn, text("State", claimState), ageColumn]);

function claimState({ metadata, status }: ResourceClaim): string {
  const states = metadata.deletionTimestamp ? ["deleted"] : [];
  if (status?.allocation) states.push("allocated", ...(status.reservedFor?.length ? ["reserved"] : []));
  else if (!metadata.deletionTimestamp) states.push("pending");
  return states.join(",");
}

export const resourceSliceFormat = columnsFormat<ResourceSlice>([
  nameColumn,
  text("Node", (o) => o.spec?.nodeName ?? ""),
  text("Driver", (o) => o.spec?.driver ?? ""),
  text("Pool", (o) => o.spec?.pool?.name ?? ""),
  ageColumn,
]);
