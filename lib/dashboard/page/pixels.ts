import type { PixelSource } from '../shared/messages.js'

let latest: { id: string; bytes: Promise<Uint8Array> } | undefined

/** Pixels from the server; those that were asked for last are kept. Undefined when there are newer ones already. */
export async function load({ id }: PixelSource, keep = false): Promise<Uint8Array | undefined> {
  if (latest?.id === id) return latest.bytes
  const bytes = fetchBytes(id)
  if (keep) latest = { id, bytes }
  try {
    return await bytes
  } catch {
    if (latest?.id === id) latest = undefined
    return undefined
  }
}

async function fetchBytes(id: string): Promise<Uint8Array> {
  const response = await fetch(`pixels/${id}`)
  if (!response.ok) throw new Error(`${response.status}`)
  return new Uint8Array(await response.arrayBuffer())
}

/** Draws three bytes per pixel. */
export function paint(canvas: HTMLCanvasElement, rgb: Uint8Array, width: number, height: number): void {
  canvas.width = width
  canvas.height = height
  const rgba = new Uint8ClampedArray(4 * width * height).fill(255)
  for (let i = 0; i < width * height; i++) rgba.set(rgb.subarray(3 * i, 3 * i + 3), 4 * i)
  canvas.getContext('2d')!.putImageData(new ImageData(rgba, width, height), 0, 0)
}
