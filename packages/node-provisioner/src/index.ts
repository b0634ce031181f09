export { NodeProvisionerSettings, nodeProvisionerOptions } from "./config.ts";
export { type NodeProvisionerOptions, nodeProvisionerControllers } from "./controllers.ts";
export { compareKarpenter, type KarpenterComparison } from "./vectors/compare.ts";
export {
  type KarpenterInstanceTypes,
  type KarpenterOutcome,
  type KarpenterVector,
  runKarpenterVector,
} from "./vectors/vector.ts";
