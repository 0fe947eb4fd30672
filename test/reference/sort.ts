import { at, type Dense, make, normalDim, withDim } from './array.js'

/** By Array.prototype.sort, which is stable; NaN is the greatest. */
export function sort(x: Dense, dim: number, descending: boolean): { values: Dense; indices: Dense } {
  const d = x.shape.length && normalDim(dim, x.shape.length)
  const order = new Map<string, number[]>()
  const rank = (v: number) => (Number.isNaN(v) ? [1, 0] : [0, v])
  const places = make(x.shape, (index) => {
    const line = withDim(index, d, 0)
    const key = line.join()
    if (!order.has(key)) {
      const value = (i: number) => rank(at(x, withDim(index, d, i)))
      const compare = (a: number, b: number) => {
        const [[nanA, valueA], [nanB, valueB]] = [value(a), value(b)] as [number[], number[]]
        const difference = nanA! - nanB! || (valueA! < valueB! ? -1 : Number(valueA! > valueB!))
        return descending ? -difference : difference
      }
      order.set(key, [...Array(x.shape[d] ?? 1).keys()].sort(compare))
    }
    return order.get(key)![index[d] ?? 0]!
  })
  return { values: make(x.shape, (index) => at(x, withDim(index, d, at(places, index)))), indices: places }
}

/** The first k along a dimension. */
export function first(x: Dense, dim: number, k: number): Dense {
  const d = normalDim(dim, x.shape.length)
  return make(withDim(x.shape, d, k), (index) => at(x, index))
}
