export { DeadlineExceeded } from "./deadline.ts";
export {
  type Built,
  messageOf,
  type OpenTrigger,
  type Scaler,
  ScalerError,
  Scalers,
  type ScalersOptions,
  type TimedReading,
  withField,
} from "./scalers.ts";
