import { type Defaulter, fillZero, within, withinEach } from "./fill.ts";

const exactly: Defaulter = (request) => {
  const withMode = fillZero(request, { allocationMode: "ExactCount" });
  const counted = withMode["allocationMode"] === "ExactCount" ? fillZero(withMode, { count: 1 }) : withMode;
  return withinEach(counted, "tolerations", (toleration) => fillZero(toleration, { operator: "Equal" }));
};

const claimSpec: Defaulter = (spec) =>
  within(spec, "devices", (devices) =>
    withinEach(devices, "requests", (request) =>
      withinEach(within(request, "exactly", exactly), "firstAvailable", exactly),
    ),
  );

export const resourceClaimDefaults: Readonly<Record<string, Defaulter>> = {
  ResourceClaim: (claim) => within(claim, "spec", claimSpec),
  ResourceClaimTemplate: (template) => within(template, "spec", (spec) => within(spec, "spec", claimSpec)),
};
