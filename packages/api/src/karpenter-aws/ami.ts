import { z } from "zod";
import { rules } from "../field.ts";
import type { CelRule } from "../structural-schema.ts";
import { selectorTags } from "./selector-term.ts";

const families = ["AL2", "AL2023", "Bottlerocket", "Windows2019", "Windows2022", "Windows2025"] as const;
const aliases = families.map((family) => family.toLowerCase());
const windowsAliases = aliases.filter((alias) => alias.startsWith("windows"));
const celList = (names: readonly string[]) => `[${names.map((name) => `'${name}'`).join(",")}]`;

export const AmiFamily = z.enum([
  "AL2",
  "AL2023",
  "Bottlerocket",
  "Custom",
  "Windows2019",
  "Windows2022",
  "Windows2025",
]);

const AmiTerm = z.object({
  alias: z
    .string()
    .max(30)
    .meta(
      rules(
        {
          message: "'alias' is improperly formatted, must match the format 'family@version'",
          rule: "self.matches('^[a-zA-Z0-9]+@.+$')",
        },
        {
          message: `family is not supported, must be one of the following: ${aliases.map((alias) => `'${alias}'`).join(", ")}`,
          rule: `self.split('@')[0] in ${celList(aliases)}`,
        },
        {
          message: "windows families may only specify version 'latest'",
          rule: `self.split('@')[0] in ${celList(windowsAliases)} ? self.split('@')[1] == 'latest' : true`,
        },
      ),
    )
    .optional()
    .describe("A family of EKS images and a version of it: `al2023@latest`, `al2023@v20250505`."),
  tags: selectorTags().optional(),
  id: z
    .string()
    .regex(/ami-[0-9a-z]+/)
    .optional()
    .describe("The image's id."),
  name: z.string().optional().describe("The image's name (not its Name tag), with `*` for any characters."),
  owner: z.string().optional().describe("Who owns the image: an account id, `self` or `amazon`."),
  ssmParameter: z.string().optional().describe("The SSM parameter that holds the image's id."),
});

export const AmiTerms = z
  .array(AmiTerm)
  .min(1)
  .max(30)
  .meta(
    rules(
      {
        message: "expected at least one, got none, ['tags', 'id', 'name', 'alias', 'ssmParameter']",
        rule: "self.all(x, has(x.tags) || has(x.id) || has(x.name) || has(x.alias) || has(x.ssmParameter))",
      },
      {
        message: "'id' is mutually exclusive, cannot be set with a combination of other fields in amiSelectorTerms",
        rule: "!self.exists(x, has(x.id) && (has(x.alias) || has(x.tags) || has(x.name) || has(x.owner)))",
      },
      {
        message: "'alias' is mutually exclusive, cannot be set with a combination of other fields in amiSelectorTerms",
        rule: "!self.exists(x, has(x.alias) && (has(x.id) || has(x.tags) || has(x.name) || has(x.owner)))",
      },
      {
        message: "'alias' is mutually exclusive, cannot be set with a combination of other amiSelectorTerms",
        rule: "!(self.exists(x, has(x.alias)) && self.size() != 1)",
      },
    ),
  );

/** The family, where it is given, must go with the alias. */
export const amiFamilyRules: readonly CelRule[] = [
  ...families.map((family): CelRule => {
    const hasAlias = `self.amiSelectorTerms.exists(x, has(x.alias) && x.alias.find('^[^@]+') == '${family.toLowerCase()}')`;
    const fits = `(self.amiFamily == 'Custom' || self.amiFamily == '${family}')`;
    return {
      message: `if set, amiFamily must be '${family}' or 'Custom' when using ${family.startsWith("A") ? "an" : "a"} ${family} alias`,
      rule: `!has(self.amiFamily) || (${hasAlias} ? ${fits} : true)`,
    };
  }),
  {
    message: "must specify amiFamily if amiSelectorTerms does not contain an alias",
    rule: "self.amiSelectorTerms.exists(x, has(x.alias)) ? true : has(self.amiFamily)",
  },
];
