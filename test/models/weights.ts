import { noGrad, type nn, tensor, type Tensor } from 'convcore'

const PERIOD = 4099

/** Park and Miller's generator, in −1 … 1. */
function table(): Float64Array {
  let state = 1
  return Float64Array.from({ length: PERIOD }, () => {
    state = (state * 16807) % 2147483647
    return (state / 2147483647) * 2 - 1
  })
}

const TABLE = table()

let memory = new Float32Array(1)

/** The table from a place on that the name says, again and again: as scripts/fixtures/models.py. Valid until the next call. */
function values(name: string, size: number, f: (t: number) => number): Float32Array {
  let offset = 0
  for (const char of name) offset = (offset * 31 + char.charCodeAt(0)) % PERIOD
  if (memory.length < size) memory = new Float32Array(size)
  const result = memory.subarray(0, size)
  const first = Math.min(size, PERIOD)
  for (let i = 0; i < first; i++) result[i] = f(TABLE[(offset + i) % PERIOD]!)
  for (let done = first; done < size; done *= 2) result.copyWithin(done, 0, Math.min(done, size - done))
  return result
}

/** What scripts/fixtures/models.py fills PyTorch's twin with. */
export function fill<M extends nn.Module>(model: M): M {
  noGrad(() => {
    for (const [name, x] of Object.entries(model.stateDict())) {
      if (x.dtype !== 'float32') continue
      const { shape, size } = x
      const bound = Math.sqrt((6 * shape[0]!) / size)
      const f = (t: number): number => {
        if (shape.length > 1) return t * bound
        if (name.endsWith('running_var')) return 1 + 0.5 * t
        return name.endsWith('weight') ? 1 + 0.2 * t : 0.1 * t
      }
      x.copy_(values(name, size, f))
    }
  })
  return model
}

/** Frees what the model holds, at once: the next one takes its place. */
export function dispose(model: nn.Module): void {
  for (const x of [...model.parameters(), ...model.buffers()]) x.dispose()
}

/** Images [n, channels, side, side]. */
export const image = (n: number, channels: number, side: number): Tensor =>
  tensor(
    values('input', n * channels * side * side, (t) => t),
    { shape: [n, channels, side, side] },
  )
