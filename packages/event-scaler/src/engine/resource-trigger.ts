/** Whether the HPA reads a trigger's metric itself, from metrics.k8s.io: cpu and memory. */
export const isResourceTrigger = ({ type }: { readonly type: string }): boolean => type === "cpu" || type === "memory";
