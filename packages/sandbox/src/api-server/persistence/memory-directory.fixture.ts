import type { Directory } from "../../files.ts";

/** A directory in memory, whose files a test may look at and damage. */
export function memoryDirectory(
  files = new Map<string, Buffer>(),
): Directory & { readonly files: Map<string, Buffer> } {
  const file = (name: string) => files.get(name) ?? Buffer.alloc(0);
  return {
    path: "/data",
    files,
    names: async () => [...new Set([...files.keys()].map((name) => name.split("/")[0] as string))].sort(),
    read: async (name) => files.get(name),
    replace: async (name, parts) => void files.set(name, Buffer.from([...parts].join(""))),
    async create(name, text) {
      if (files.has(name)) return false;
      files.set(name, Buffer.from(text));
      return true;
    },
    append: async (name) => ({
      append: async (text) => void files.set(name, Buffer.concat([file(name), Buffer.from(text)])),
      sync: async () => {},
      close: async () => {},
    }),
    async rename(from, to) {
      files.set(to, file(from));
      files.delete(from);
    },
    remove: async (name) => void files.delete(name),
    async copyInto(directory, names) {
      for (const name of names) files.set(`${directory}/${name}`, file(name));
    },
  };
}
