import { isModule } from './members.js'
import type { Module } from './module.js'

type Printable = string | number | boolean | null | undefined | readonly Printable[]

/** A value as Python prints it: True, None, (3, 3), 1e-05. */
export function python(value: Printable): string {
  if (value === undefined || value === null) return 'None'
  if (value === true) return 'True'
  if (value === false) return 'False'
  if (typeof value === 'number') return pythonNumber(value)
  if (typeof value === 'string') return value
  return `(${value.map(python).join(', ')}${value.length === 1 ? ',' : ''})`
}

/** A number that is a float in PyTorch, where it comes from a whole one in JavaScript, or a tuple of them: 1.0. */
export const pythonFloat = (value: number | readonly number[]): string => {
  if (typeof value !== 'number') return `(${value.map(pythonFloat).join(', ')}${value.length === 1 ? ',' : ''})`
  return Number.isInteger(value) && Math.abs(value) < 1e16 ? `${value}.0` : pythonNumber(value)
}

// Python switches to an exponent below 1e-4 and from 1e16 on, JavaScript below 1e-6 and from 1e21 on.
function pythonNumber(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  const size = Math.abs(value)
  if (size === 0 || (size >= 1e-4 && size < 1e16)) return String(value)
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
}

/** name(extra) or, with children, one indented line for each of them: PyTorch's format. */
function block(name: string, extra: string, children: readonly [name: string, text: string][]): string {
  const lines = extra ? extra.split('\n') : []
  if (!children.length && lines.length <= 1) return `${name}(${extra})`
  for (const [child, text] of children) lines.push(`(${child}): ${text}`)
  return `${name}(\n${lines.join('\n').replace(/^/gm, '  ')}\n)`
}

/** Neighbours that print alike share a line: (0-1): 2 x ReLU(). */
export function printList(name: string, texts: readonly string[]): string {
  const lines: [string, string][] = []
  for (let start = 0, end; start < texts.length; start = end) {
    const text = texts[start] as string
    for (end = start + 1; texts[end] === text;) end++
    lines.push(end - start === 1 ? [`${start}`, text] : [`${start}-${end - 1}`, `${end - start} x ${text}`])
  }
  return block(name, '', lines)
}

function childText(value: unknown): string | undefined {
  if (isModule(value)) return value.toString()
  if (!Array.isArray(value) || !value.length) return undefined
  const texts = value.map(childText)
  return texts.every((text) => text !== undefined) ? printList('ModuleList', texts) : undefined
}

/** The module as `print(module)` shows it in PyTorch; an array of modules reads as a ModuleList. */
export function printModule(module: Module): string {
  const children: [string, string][] = []
  for (const [name, value] of Object.entries(module)) {
    const text = childText(value)
    if (text !== undefined) children.push([name, text])
  }
  return block(module.constructor.name, module.extraRepr(), children)
}
