// POST /predict: the body is the image file as it is, JPEG, PNG or others; no form. GET /health, GET /metrics.
// Whatever is wrong is answered by { error }, and never ends the process.
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import { FormatError, QueueError } from 'convcore'
import type { Classifier } from './classifier.js'
import type { Metrics } from './metrics.js'
import type { Training } from './training.js'
import { Refusal, readUpload } from './upload.js'

export interface Limits {
  /** Requests under way. */
  requests: number
  /** Of an upload. */
  bytes: number
}

export interface Parts {
  classifier: Classifier
  training: Training
  metrics: Metrics
  limits: Limits
}

interface Answer {
  status?: number
  headers?: Record<string, string>
  body: object | string
}

interface Route {
  method: 'GET' | 'POST'
  answer(request: IncomingMessage, signal: AbortSignal): Answer | Promise<Answer>
}

/** Seconds after which a client that was refused may come again. */
const LATER = { 'retry-after': '1' }

export function createServer({ classifier, training, metrics, limits }: Parts): http.Server {
  const routes: Record<string, Route> = {
    '/predict': {
      method: 'POST',
      async answer(request, signal) {
        if (!classifier.ready) throw new Refusal(503, 'no network has been trained yet', LATER)
        if (metrics.underWay > limits.requests) throw new Refusal(503, 'too many requests are under way', LATER)
        const started = performance.now()
        const top = await classifier.classify(await readUpload(request, limits.bytes), signal)
        metrics.seconds.observe((performance.now() - started) / 1000)
        return { body: { top } }
      },
    },
    '/health': {
      method: 'GET',
      answer: () => ({
        status: classifier.ready ? 200 : 503,
        body: { status: classifier.ready ? 'ready' : 'waiting for a network', training: training.state },
      }),
    },
    '/metrics': { method: 'GET', answer: () => ({ body: String(metrics) }) },
  }

  const answer = async (path: string, request: IncomingMessage, signal: AbortSignal): Promise<Answer> => {
    try {
      const route = Object.hasOwn(routes, path) && routes[path]
      if (!route) throw new Refusal(404, `expected one of ${Object.keys(routes).join(', ')}`)
      const { method } = route
      if (request.method !== method)
        throw new Refusal(405, `expected ${method}, got ${request.method}`, { allow: method })
      return await route.answer(request, signal)
    } catch (error) {
      return failure(error)
    }
  }

  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    const path = request.url!.split('?', 1)[0]!
    metrics.underWay++
    const { status = 200, headers, body } = await answer(path, request, gone.signal)
    metrics.underWay--
    metrics.count(Object.hasOwn(routes, path) ? path : 'other', response.destroyed ? 'aborted' : status)
    if (!server.listening) response.setHeader('connection', 'close')
    const text = typeof body === 'string' ? body : `${JSON.stringify(body)}\n`
    response.writeHead(status, {
      ...headers,
      'content-type': typeof body === 'string' ? 'text/plain; version=0.0.4; charset=utf-8' : 'application/json',
      'content-length': Buffer.byteLength(text),
    })
    response.end(text)
  }

  const server = http.createServer({ requestTimeout: 30_000 }, (request, response) => void respond(request, response))
  return server
}

function failure(error: unknown): Answer {
  const { message } = error as Error
  if (error instanceof Refusal) return { status: error.status, headers: error.headers, body: { error: message } }
  if (error instanceof FormatError) return { status: 400, body: { error: message } }
  if (error instanceof QueueError) return { status: 503, headers: LATER, body: { error: message } }
  if ((error as Error).name !== 'AbortError') console.error(error)
  return { status: 500, body: { error: 'the server failed' } }
}
