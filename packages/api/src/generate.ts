import { stringify } from "yaml";
import { crdOf } from "./crd.ts";
import { type CustomResource, customResources } from "./custom-kinds.ts";
import { referencePage } from "./reference.ts";

export interface GeneratedFile {
  /** Relative to the root of the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** Folders whose files are all generated: what is in them and not in {@link generatedFiles} is left over. */
export const generatedFolders: readonly string[] = ["deploy/crds", "docs/reference/kinds"];

/** The files that are made from the kinds: their CustomResourceDefinitions and their reference pages. */
export function generatedFiles(): GeneratedFile[] {
  return [
    ...customResources.flatMap((resource) => [crdFile(resource), pageFile(resource)]),
    { path: "docs/reference/kinds/README.md", text: indexPage() },
  ];
}

function crdFile(resource: CustomResource): GeneratedFile {
  const { group, plural, kind } = resource.versions[0];
  const header =
    `# The CustomResourceDefinition of ${kind}. Generated from packages/api by \`npm run generate\`; do not edit.\n` +
    "# Install with `kubectl apply --server-side -f`: large definitions do not fit into an annotation.\n";
  // No aliases: kubectl reads them, but nobody else should have to.
  const body = stringify(crdOf(resource.versions, resource.options), { lineWidth: 0, aliasDuplicateObjects: false });
  return { path: `deploy/crds/${group}_${plural}.yaml`, text: header + body };
}

function pageFile(resource: CustomResource): GeneratedFile {
  return { path: pagePath(resource), text: generatedNote + referencePage(resource) };
}

const generatedNote = "<!-- Generated from packages/api by `npm run generate`; do not edit. -->\n\n";

function pagePath({ versions: [{ group, plural }] }: CustomResource): string {
  return `docs/reference/kinds/${group}_${plural}.md`;
}

function indexPage(): string {
  const rows = customResources.map((resource) => {
    const [stored] = resource.versions;
    const file = pagePath(resource).split("/").at(-1);
    return `| [${stored.kind}](${file}) | \`${stored.apiVersion}\` | ${stored.custom?.summary ?? ""} |`;
  });
  return [`${generatedNote}# Custom kinds`, "", "| kind | API version | |", "|---|---|---|", ...rows, ""].join("\n");
}
