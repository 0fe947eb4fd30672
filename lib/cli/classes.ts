import { readFile } from 'node:fs/promises'
import { FormatError } from '../errors.js'

/** The names in a file, a line each. */
export async function readClasses(path: string): Promise<string[]> {
  const lines = (await readFile(path, 'utf8')).split(/\r?\n/)
  while (lines.at(-1)?.trim() === '') lines.pop()
  if (lines.length > 0) return lines.map((line) => line.trim())
  throw new FormatError(`${path}: expected the names of classes, a line each, got none`)
}

/** As many names as a model has classes: those given, else numbers. */
export function namesFor(classes: readonly string[] | undefined, count: number, path: string): readonly string[] {
  if (!classes) return Array.from({ length: count }, (_, label) => String(label))
  if (classes.length === count) return classes
  throw new FormatError(`${path}: expected the names of the model's ${count} classes, got ${classes.length}`)
}
