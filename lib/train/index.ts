export type { Batch, Batches, Source } from './batches.js'
export { accuracy, errorRate, type Metric } from './metrics.js'
export {
  type EpochRecord,
  type EvaluateOptions,
  type FitOptions,
  type Measures,
  type StepRecord,
  Trainer,
  type TrainerOptions,
} from './trainer.js'
