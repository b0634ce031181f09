import { z } from "zod";
import { rules } from "../field.ts";

const maxTerms = 30;

/** Tags that all must be there; `*` as a value asks for the key only. */
export function selectorTags() {
  return z
    .record(z.string(), z.string())
    .meta({
      maxProperties: 20,
      ...rules({ message: "empty tag keys or values aren't supported", rule: "self.all(k, k != '' && self[k] != '')" }),
    })
    .describe("Tags that must all be there; the value `*` asks for any.");
}

const SubnetTerm = z.object({
  tags: selectorTags().optional(),
  id: z
    .string()
    .regex(/subnet-[0-9a-z]+/)
    .optional()
    .describe("The subnet's id."),
});

export const SubnetTerms = z
  .array(SubnetTerm)
  .max(maxTerms)
  .meta(
    rules(
      { message: "subnetSelectorTerms cannot be empty", rule: "self.size() != 0" },
      {
        message: "expected at least one, got none, ['tags', 'id']",
        rule: "self.all(x, has(x.tags) || has(x.id))",
      },
      {
        message:
          "'id' is mutually exclusive, cannot be set with a combination of other fields in a subnet selector term",
        rule: "!self.all(x, has(x.id) && has(x.tags))",
      },
    ),
  );

const SecurityGroupTerm = z.object({
  tags: selectorTags().optional(),
  id: z
    .string()
    .regex(/sg-[0-9a-z]+/)
    .optional()
    .describe("The security group's id."),
  name: z.string().optional().describe("The security group's name (not its Name tag)."),
});

export const SecurityGroupTerms = z
  .array(SecurityGroupTerm)
  .max(maxTerms)
  .meta(
    rules(
      { message: "securityGroupSelectorTerms cannot be empty", rule: "self.size() != 0" },
      {
        message: "expected at least one, got none, ['tags', 'id', 'name']",
        rule: "self.all(x, has(x.tags) || has(x.id) || has(x.name))",
      },
      {
        message:
          "'id' is mutually exclusive, cannot be set with a combination of other fields in a security group selector term",
        rule: "!self.all(x, has(x.id) && (has(x.tags) || has(x.name)))",
      },
      {
        message:
          "'name' is mutually exclusive, cannot be set with a combination of other fields in a security group selector term",
        rule: "!self.all(x, has(x.name) && (has(x.tags) || has(x.id)))",
      },
    ),
  );

const CapacityReservationTerm = z.object({
  tags: selectorTags().optional(),
  id: z
    .string()
    .regex(/^cr-[0-9a-z]+$/)
    .optional()
    .describe("The reservation's id."),
  ownerID: z
    .string()
    .regex(/^[0-9]{12}$/)
    .optional()
    .describe("The account that owns the reservation."),
  instanceMatchCriteria: z
    .enum(["open", "targeted"])
    .optional()
    .describe("Whether the reservation takes any fitting instance, or only those that name it."),
});

export const CapacityReservationTerms = z
  .array(CapacityReservationTerm)
  .max(maxTerms)
  .meta(
    rules(
      {
        message: "expected at least one, got none, ['tags', 'id', 'instanceMatchCriteria']",
        rule: "self.all(x, has(x.tags) || has(x.id) || has(x.instanceMatchCriteria))",
      },
      {
        message:
          "'id' is mutually exclusive, cannot be set along with other fields in a capacity reservation selector term",
        rule: "!self.all(x, has(x.id) && (has(x.tags) || has(x.ownerID) || has(x.instanceMatchCriteria)))",
      },
    ),
  );

export const PlacementGroupSelector = z
  .object({
    name: z.string().min(1).optional().describe("The placement group's name."),
    id: z
      .string()
      .regex(/^pg-[0-9a-z]+$/)
      .optional()
      .describe("The placement group's id."),
  })
  .meta(
    rules(
      { message: "expected at least one, got none, ['name', 'id']", rule: "has(self.name) || has(self.id)" },
      { message: "'name' and 'id' are mutually exclusive", rule: "!(has(self.name) && has(self.id))" },
    ),
  );
