import { readFile } from 'node:fs/promises'

export interface Asset {
  readonly type: string
  readonly content: Uint8Array
}

const TYPES = {
  'index.html': 'text/html; charset=utf-8',
  'style.css': 'text/css; charset=utf-8',
  'parts.css': 'text/css; charset=utf-8',
  'main.js': 'text/javascript; charset=utf-8',
} as const

/** The files of the page by their names; they lie beside the bundle. */
export async function loadAssets(): Promise<ReadonlyMap<string, Asset>> {
  const assets = Object.entries(TYPES).map(async ([name, type]): Promise<[string, Asset]> => {
    return [name, { type, content: await readFile(new URL(`./dashboard/page/${name}`, import.meta.url)) }]
  })
  return new Map(await Promise.all(assets))
}
