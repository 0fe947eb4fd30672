import type { Summary } from './summary.js'

const thousands = (count: number): string => count.toLocaleString('en-US')

/** Columns of layer, output shape, parameters and multiply-adds, and the totals. */
export function table({ model, layers, total, trainable, nonTrainable, multiplyAdds }: Summary): string {
  const header = ['Layer (class)', 'Output shape', 'Parameters', 'Multiply-adds']
  const rows = layers.map((layer) => [
    layer.name ? `${layer.name} (${layer.type})` : layer.type,
    layer.outputShape ? `[${layer.outputShape.join(', ')}]` : '-',
    thousands(layer.parameters),
    thousands(layer.multiplyAdds),
  ])
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)))
  const line = (cells: readonly string[]): string =>
    cells.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ')
  const rule = '-'.repeat(line(header).length)
  return [
    model,
    rule,
    line(header),
    rule,
    ...rows.map(line),
    rule,
    `Total parameters: ${thousands(total)}`,
    `Trainable: ${thousands(trainable)}`,
    `Non-trainable: ${thousands(nonTrainable)}`,
    `Multiply-adds per sample: ${thousands(multiplyAdds)}`,
  ].join('\n')
}
