export type { Batch, Batches, Source } from './batches.js'
export type { Callback, Run } from './callback.js'
export { Checkpoint, type CheckpointOptions, latestCheckpoint } from './checkpoint.js'
export { ConfusionCounter, confusionMatrix, type ConfusionMatrix, type Counts } from './confusion.js'
export { CSVLogger } from './csv.js'
export { EarlyStopping, type EarlyStoppingOptions } from './earlyStopping.js'
export type { EpochEndEvent, EpochStartEvent, FitEndEvent, FitEvent, FitStartEvent, StepEvent } from './events.js'
export type { GalleryOptions, LabelledImages } from './gallery.js'
export { LearningRateMonitor } from './learningRateMonitor.js'
export type { LearningRateOptions, LearningRates } from './learningRate.js'
export { type Accumulator, accuracy, type EpochMetric, errorRate, meanLoss, type Metric, topK } from './metrics.js'
export type {
  ClipOptions,
  EvaluateOptions,
  FitOptions,
  Schedule,
  TrainerOptimizer,
  TrainerOptions,
  TrainerScheduler,
} from './options.js'
export { pretrainLayers, type PretrainOptions, type Stage } from './pretrain.js'
export type { EpochRecord, Measures, Mode, MonitorOptions, StepRecord } from './records.js'
export { f1, precision, recall, type ScoreOptions } from './scores.js'
export { TensorBoard, type TensorBoardOptions } from './tensorboard/callback.js'
export { type ScalarLike, SummaryWriter, type SummaryWriterOptions } from './tensorboard/writer.js'
export { Trainer } from './trainer.js'
