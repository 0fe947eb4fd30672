import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Asset, loadAssets } from './assets.js'
import type { Feed } from './feed.js'

const LOOPBACK = '127.0.0.1'
const TOKEN = 16 // bytes
const MOST_UNREAD = 4e6 // bytes; who reads more slowly is sent away, and comes back for everything at once

/** With browsers that do not take what is left for them. */
const PATIENCE = 500 // milliseconds

const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; " +
    "frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
} as const

/**
 * Serves the page and its feed to browsers on this machine that know the token, the first part of every path. Neither it nor
 * a browser that listens keeps the process alive.
 */
export class Server {
  readonly #token = randomBytes(TOKEN).toString('hex')
  readonly #http: HttpServer
  readonly #streams = new Set<ServerResponse>()

  private constructor(
    private readonly feed: Feed,
    private readonly assets: ReadonlyMap<string, Asset>,
  ) {
    this.#http = createServer((request, response) => this.#answer(request, response))
    this.#http.on('connection', (socket) => socket.unref())
  }

  /** @throws {Error} EADDRINUSE when the port is taken */
  static async listen(feed: Feed, port: number): Promise<Server> {
    const server = new Server(feed, await loadAssets())
    server.#http.listen(port, LOOPBACK)
    try {
      await once(server.#http, 'listening')
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException
      const reason = code === 'EADDRINUSE' ? 'which is in use' : `which cannot be had: ${(cause as Error).message}`
      throw Object.assign(new Error(`dashboard: expected a free port, got ${port}, ${reason}`, { cause }), { code })
    }
    server.#http.unref()
    return server
  }

  get url(): string {
    return `http://${LOOPBACK}:${(this.#http.address() as AddressInfo).port}/${this.#token}/`
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#http.close(resolve))
    this.#http.ref() // until it is closed
    for (const stream of this.#streams) stream.end()
    this.#http.closeIdleConnections()
    const late = setTimeout(() => this.#http.closeAllConnections(), PATIENCE)
    await closed
    clearTimeout(late)
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
    const [, token = '', ...rest] = (request.url ?? '').replace(/[?#].*$/s, '').split('/')
    const name = rest.join('/')
    const asset = this.assets.get(name || 'index.html')
    const pixels = name.startsWith('pixels/') ? this.feed.pixels.get(name.slice('pixels/'.length)) : undefined
    if (!isLocal(request.headers.host) || !this.#isToken(token)) refuse(response, 403)
    else if (request.method !== 'GET' && request.method !== 'HEAD') refuse(response, 405, { Allow: 'GET, HEAD' })
    else if (name === 'events') this.#stream(request, response)
    else if (asset) send(response, asset.type, asset.content)
    else if (pixels) send(response, 'application/octet-stream', pixels)
    else refuse(response, 404)
  }

  /** Compares in a time that does not depend on how much is right. */
  #isToken(given: string): boolean {
    const hash = (text: string) => createHash('sha256').update(text).digest()
    return timingSafeEqual(hash(given), hash(this.#token))
  }

  /** Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html */
  #stream(request: IncomingMessage, response: ServerResponse): void {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    if (request.method === 'HEAD') {
      response.end()
      return
    }
    response.write('retry: 1000\n\n')
    const leave = this.feed.listen((update) => {
      if (response.writableLength > MOST_UNREAD) response.destroy()
      else response.write(`data: ${JSON.stringify(update)}\n\n`)
    })
    this.#streams.add(response)
    response.on('close', () => {
      leave()
      this.#streams.delete(response)
    })
  }
}

/** Whether a request is meant for this machine, not for a name that somebody has pointed to it (DNS rebinding). */
const isLocal = (host: string | undefined): boolean => /^(127\.0\.0\.1|localhost)(:\d+)?$/i.test(host ?? '')

function send(response: ServerResponse, type: string, content: Uint8Array): void {
  response.writeHead(200, { 'Content-Type': type, 'Content-Length': content.length })
  response.end(content)
}

const REASONS = { 403: 'forbidden', 404: 'not found', 405: 'method not allowed' } as const

function refuse(response: ServerResponse, status: keyof typeof REASONS, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', ...headers })
  response.end(`${REASONS[status]}\n`)
}
