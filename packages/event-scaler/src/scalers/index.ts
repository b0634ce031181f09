export { DeadlineExceeded } from "./deadline.ts";
export {
  type OpenTrigger,
  type Scaler,
  ScalerError,
  Scalers,
  type ScalersOptions,
  type TimedReading,
} from "./scalers.ts";
