import { io, type nn } from '../index.js'
import { FormatError } from '../errors.js'
import { isCounts, parseRecord, summary } from '../io/json.js'
import { networks } from './networks.js'
import type { Preparation } from './prepare.js'

/** What a model file of `train` says besides its weights. */
export interface Description extends Preparation {
  /** Of the zoo. */
  readonly network: string
  readonly classes: readonly string[]
}

const KEY = 'convcore.model'
const VERSION = 1

/** Writes a model that `openModel` opens without being told what it is. */
export async function saveModel(
  path: string,
  module: nn.Module,
  description: Description,
  figures: Readonly<Partial<Record<string, number>>> = {},
): Promise<void> {
  const metadata = { [KEY]: JSON.stringify({ version: VERSION, ...description }), figures: JSON.stringify(figures) }
  await io.saveSafetensors(path, module.stateDict(), metadata)
}

/** What a model file of `train` says of itself; undefined for other weights. */
export function describedIn(metadata: Readonly<Record<string, string>>, file: string): Description | undefined {
  const json = metadata[KEY]
  if (json === undefined) return undefined
  const { version, ...description } = parseRecord(Buffer.from(json), file, 'description of a model')
  if (version !== VERSION)
    throw new FormatError(`${file}: expected a model of version ${VERSION}, got ${String(version)}`)
  return checkDescription(description, file)
}

/** @throws {FormatError} unless it is the description of a model of ours */
export function checkDescription(value: Record<string, unknown>, file: string): Description {
  if (isDescription(value)) return value
  throw new FormatError(`${file}: expected the description of a model, got ${summary(value)}`)
}

function isDescription(value: Record<string, unknown>): value is Record<string, unknown> & Description {
  const { network, classes, channels, size, mean, std, crop } = value
  const numbers = (list: unknown): list is number[] => Array.isArray(list) && list.every(Number.isFinite)
  return (
    typeof network === 'string' &&
    Object.hasOwn(networks, network) &&
    Array.isArray(classes) &&
    classes.every((name) => typeof name === 'string') &&
    (channels === 1 || channels === 3) &&
    [mean, std].every((list) => numbers(list) && list.length === channels) &&
    isCounts(size) &&
    size.length === 2 &&
    typeof crop === 'number' &&
    crop > 0
  )
}
