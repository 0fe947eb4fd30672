// Requests to a server, and how long each took.
import { Agent, request } from 'node:http'
import { setTimeout } from 'node:timers/promises'

export interface Load {
  url: string
  /** Bodies, in turns. */
  uploads: readonly Uint8Array[]
  /** Both limits hold. */
  seconds: number
  requests: number
}

export interface Answered {
  /** Milliseconds. */
  latencies: number[]
  /** Answers other than 200, by status, and connections that failed. */
  failures: Record<string, number>
  seconds: number
}

/** `concurrency` clients, each of which asks again as soon as it is answered. */
export async function closedLoop(load: Load, concurrency: number): Promise<Answered> {
  return measure(load, async (ask) => {
    const end = performance.now() + 1000 * load.seconds
    let next = 0
    const client = async () => {
      while (next < load.requests && performance.now() < end) await ask(next++, performance.now())
    }
    await Promise.all(Array.from({ length: concurrency }, client))
  })
}

/**
 * `rate` requests a second, whether those before are answered or not. The time counts from when a request was due, so that
 * one that was sent late, because the machine was busy, looks no faster than it was.
 */
export async function openLoop(load: Load, rate: number): Promise<Answered> {
  return measure(load, async (ask) => {
    const started = performance.now()
    const asked: Promise<void>[] = []
    const count = Math.min(load.requests, Math.floor(rate * load.seconds))
    for (let i = 0; i < count; i++) {
      const due = started + (1000 * i) / rate
      const early = due - performance.now()
      if (early > 0) await setTimeout(early)
      asked.push(ask(i, due))
    }
    await Promise.all(asked)
  })
}

type Ask = (i: number, since: number) => Promise<void>

async function measure({ url, uploads }: Load, send: (ask: Ask) => Promise<void>): Promise<Answered> {
  const agent = new Agent({ keepAlive: true })
  const answered: Answered = { latencies: [], failures: {}, seconds: 0 }
  const started = performance.now()
  await send(async (i, since) => {
    const status = await post(agent, `${url}/predict`, uploads[i % uploads.length]!)
    if (status === 200) answered.latencies.push(performance.now() - since)
    else answered.failures[status] = (answered.failures[status] ?? 0) + 1
  })
  answered.seconds = (performance.now() - started) / 1000
  agent.destroy()
  return answered
}

/** The status once the whole answer is here, or the code of what went wrong. */
function post(agent: Agent, url: string, body: Uint8Array): Promise<number | string> {
  return new Promise((resolve) => {
    const fail = (error: NodeJS.ErrnoException): void => resolve(error.code ?? error.message)
    const headers = { 'content-type': 'image/png', 'content-length': body.length }
    const sent = request(url, { method: 'POST', agent, headers, timeout: 30_000 }, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode!)).on('error', fail)
    })
    sent.on('timeout', () => sent.destroy(new Error('timeout')))
    sent.on('error', fail).end(body)
  })
}
