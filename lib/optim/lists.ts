import type { Tensor } from '../tensor.js'

/** How the multi-tensor kernels take a list. */
export const handles = (tensors: readonly Tensor[]): number[] => tensors.map((tensor) => tensor.handle)

/** The items of each key, keys and items in the order in which they come. */
export function groupBy<T>(items: Iterable<T>, key: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(key(item))
    if (group) group.push(item)
    else groups.set(key(item), [item])
  }
  return [...groups.values()]
}

/** What one native call takes: tensors of one device and dtype. */
export const kindOf = ({ device, dtype }: Tensor): string => `${device} ${dtype}`
