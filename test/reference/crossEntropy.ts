import { at, type Dense, make, volume } from './array.js'
import { type Reduction, reduced } from './loss.js'
import { logSoftmax } from './softmax.js'

export interface Options {
  reduction?: Reduction
  weight?: number[]
  ignoreIndex?: number
  labelSmoothing?: number
}

/** −Σ weight · q · log p over the classes, for the share q of each class in the target. */
export function crossEntropy(logits: Dense, target: Dense, options: Options = {}): Dense {
  return ofLogs(logSoftmax(logits, 1), target, options)
}

/** −weight[target] · x[target]. */
export function nllLoss(x: Dense, target: Dense, options: Options = {}): Dense {
  return ofLogs(x, target, options)
}

function ofLogs(logs: Dense, target: Dense, options: Options): Dense {
  const { reduction = 'mean', weight, ignoreIndex = -100, labelSmoothing: smoothing = 0 } = options
  const [n, classes, ...cells] = logs.shape as [number, number, ...number[]]
  const shares = target.shape.length === logs.shape.length
  const weightOf = (c: number) => weight?.[c] ?? 1
  const label = ([i, ...cell]: number[]) => at(target, [i!, ...cell])
  const losses = make([n, ...cells], (index) => {
    const [i, ...cell] = index as [number, ...number[]]
    if (!shares && label(index) === ignoreIndex) return 0
    let loss = 0
    for (let c = 0; c < classes; c++) {
      const share = shares ? at(target, [i, c, ...cell]) : Number(label(index) === c)
      loss -= weightOf(c) * ((1 - smoothing) * share + smoothing / classes) * at(logs, [i, c, ...cell])
    }
    return loss
  })
  if (reduction !== 'mean' || shares) return reduced(losses, reduction)
  const total = [...target.data].reduce((sum, c) => sum + (c === ignoreIndex ? 0 : weightOf(c)), 0)
  return {
    shape: [],
    data: Float64Array.of(losses.data.reduce((a, b) => a + b, 0) / (volume(losses.shape) ? total : 0)),
  }
}
