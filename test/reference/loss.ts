import { logSoftmax } from './softmax.js'
import { type Dense, make } from './array.js'
import { mul } from './elementwise.js'

export type Reduction = 'mean' | 'sum' | 'none'

export function reduced(loss: Dense, reduction: Reduction): Dense {
  if (reduction === 'none') return loss
  const sum = loss.data.reduce((a, b) => a + b, 0)
  return { shape: [], data: Float64Array.of(reduction === 'mean' ? sum / loss.data.length : sum) }
}

/** −log softmax(logits)[target] per row; float targets weigh every class. */
export function crossEntropy(logits: Dense, target: Dense, reduction: Reduction = 'mean'): Dense {
  const [rows, classes] = logits.shape as [number, number]
  const weights = target.shape.length === 2 ? target : make([rows, classes], ([i, c]) => Number(target.data[i!] === c))
  const terms = mul(logSoftmax(logits, 1), weights)
  return reduced(
    make([rows], ([i]) => -terms.data.slice(i! * classes, (i! + 1) * classes).reduce((a, b) => a + b, 0)),
    reduction,
  )
}

/** −(t log p + (1 − t) log(1 − p)), both logarithms clamped at −100. */
export function binaryCrossEntropy(p: Dense, target: Dense, reduction: Reduction = 'mean'): Dense {
  const log = (v: number) => Math.max(-100, Math.log(v))
  return reduced(
    { shape: p.shape, data: p.data.map((v, i) => -(target.data[i]! * log(v) + (1 - target.data[i]!) * log(1 - v))) },
    reduction,
  )
}

export function mseLoss(x: Dense, target: Dense, reduction: Reduction = 'mean'): Dense {
  return reduced({ shape: x.shape, data: x.data.map((v, i) => (v - target.data[i]!) ** 2) }, reduction)
}
