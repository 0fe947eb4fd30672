import type { Builder } from './builder.js'
import { elementwiseConverters } from './elementwise.js'
import { layerConverters } from './layers.js'
import { poolConverters } from './pools.js'
import { shapeConverters } from './shapes.js'
import type { TracedOp } from './trace.js'

/** Writes an op of ours as nodes. @returns the name of the result */
export type Converter = (to: Builder, op: TracedOp) => string
export type Converters = Readonly<Record<string, Converter>>

/** By the names that ops report to the tracer. */
export const converters: Converters = {
  ...elementwiseConverters,
  ...layerConverters,
  ...poolConverters,
  ...shapeConverters,
}
