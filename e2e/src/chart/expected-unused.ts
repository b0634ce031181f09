/** Rights that a run may not need, by controller, and when they are needed. */
const rights: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  hpa: {},
};

export const expectedUnused = (controller: string): Readonly<Record<string, string>> =>
  controller === "all" ? Object.assign({}, ...Object.values(rights)) : (rights[controller] ?? {});
