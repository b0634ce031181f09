import type { Entry, Json } from "./conversation.ts";

/** Replaces what no two servers agree on (names of the run, uids, times, revisions, chosen addresses) by stand-ins. */
export function normalised(entries: readonly Entry[], ns: string): Json[] {
  const names = new Map<string, string>();
  for (const entry of entries) collectNames(entry.shown, names);
  const uids = new Map<string, string>();
  const text = (value: string): string => {
    let out = value.replaceAll(ns, "NS").replaceAll(ns.toUpperCase(), "NS");
    for (const [name, standIn] of names) out = out.replaceAll(name.replaceAll(ns, "NS"), standIn);
    return (
      out
        .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, (uid) => {
          if (!uids.has(uid)) uids.set(uid, `UID${uids.size + 1}`);
          return uids.get(uid) ?? "";
        })
        .replace(/\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g, "TIME")
        .replace(/\b10\.(96|100)\.\d+\.\d+\b/g, "CLUSTER-IP")
        // Who issues tokens is a choice of whoever starts a control plane.
        .replaceAll(/https:\/\/kubernetes\.default\.svc(\.cluster\.local)?\b/g, "ISSUER")
        .replace(/\bresourceVersion=\d{2,}/g, "resourceVersion=RV")
        .replace(/\b(continue|hash)=[\w%-]+/g, "$1=...")
        .replace(/in record \(\d+\)/g, "in record (RV)")
        // What hashes of templates look like: eight to ten letters of this alphabet.
        .replace(/\b(web|db)-[bcdfghjklmnpqrstvwxz2456789]{8,10}\b/g, "$1-HASH")
        .replace(/kube-api-access-[a-z0-9]{5}/g, "kube-api-access-#")
    );
  };
  const walk = (value: Json, key: string): Json => {
    if (typeof value === "string") {
      if (key === "pod-template-hash") return "HASH";
      if (key === "resourceVersion") return value === "" || value === "0" ? value : "RV";
      return text(value);
    }
    if (typeof value === "number") return key === "nodePort" || key === "healthCheckNodePort" ? "PORT" : value;
    if (Array.isArray(value))
      return inOrder(
        key,
        value.map((item) => walk(item, "")),
      );
    if (!value || typeof value !== "object") return value;
    const isTable = value.kind === "Table" && Array.isArray(value.rows);
    const out: Record<string, Json> = {};
    for (const name of Object.keys(value).sort()) out[text(name)] = walk(value[name], name);
    return isTable ? withoutAges(out) : out;
  };
  return entries.map((entry) => walk(entry, ""));
}

/** Conflicts of several managers come in the order of a map of Go's: another one each time. */
const inOrder = (key: string, items: Json[]): Json[] =>
  key === "causes" && items.every(({ reason }) => reason === "FieldManagerConflict")
    ? items.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
    : items;

/** Suffixes that servers choose: of `generateName`, and hashes of templates. */
function collectNames(value: Json, names: Map<string, string>): void {
  if (Array.isArray(value)) {
    for (const item of value) collectNames(item, names);
  } else if (value && typeof value === "object") {
    const { generateName, name, labels } = value.metadata ?? value;
    if (
      typeof generateName === "string" &&
      generateName !== "" &&
      typeof name === "string" &&
      name.startsWith(generateName)
    )
      names.set(name, `${generateName}#`);
    for (const key of ["pod-template-hash", "controller-revision-hash"]) {
      const hash = labels?.[key];
      if (typeof hash === "string") names.set(hash.split("-").at(-1) ?? hash, "HASH");
    }
    for (const key in value) collectNames(value[key], names);
  }
}

/** Ages in rows of a Table, as kubectl would print them. */
function withoutAges(table: Record<string, Json>): Json {
  const ages = table["columnDefinitions"]?.map(({ name }: Json) =>
    /^(age|duration|last seen|first seen|last schedule)$/i.test(name),
  );
  if (!ages) return table;
  return {
    ...table,
    // Descriptions are compared by a case of their own.
    columnDefinitions: table["columnDefinitions"].map(({ description: _, ...column }: Json) => column),
    rows: table["rows"].map((row: Json) => ({
      ...row,
      cells: row.cells.map((cell: Json, at: number) =>
        ages[at] && typeof cell === "string" && /^\d+[smhdy]/.test(cell) ? "AGE" : cell,
      ),
    })),
  };
}
