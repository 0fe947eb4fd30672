import type { IncomingMessage } from 'node:http'

/** A request that is answered by an error. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly headers: Record<string, string> = {},
  ) {
    super(message)
  }
}

/**
 * The body of a request.
 * @throws {Refusal} 400 for none, 413 for one of more than `limit` bytes, 415 for a form
 */
export async function readUpload(request: IncomingMessage, limit: number): Promise<Buffer> {
  const type = request.headers['content-type'] ?? ''
  if (type.startsWith('multipart/')) throw new Refusal(415, `expected an image file as the body, got ${type}`)
  const tooLarge = new Refusal(413, `expected at most ${limit} bytes, got more`)
  if (Number(request.headers['content-length']) > limit) throw tooLarge
  const chunks: Buffer[] = []
  let size = 0
  await new Promise<void>((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= limit) chunks.push(chunk)
      else reject(tooLarge) // and what comes is read on, to nowhere: a client hears once it has said all
    })
    request.once('end', resolve)
    request.once('close', () => reject(new DOMException('the client left', 'AbortError')))
  })
  if (size === 0) throw new Refusal(400, 'expected an image file as the body, got an empty one')
  return Buffer.concat(chunks)
}
