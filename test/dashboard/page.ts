import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { data, nn, optim, train } from 'convcore'

/** An answer to a request, whole. */
export interface Answer {
  status: number
  headers: IncomingMessage['headers']
  body: Buffer
}

export async function ask(
  url: string,
  options: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const asked = request(url, { agent: false, ...options }).end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  const body = Buffer.concat(await response.toArray())
  return { status: response.statusCode!, headers: response.headers, body }
}

/** What the page is told; see `Update` in lib/dashboard/shared/messages.ts. */
export interface Told {
  fresh?: boolean
  title?: string
  status?: { state: string; reason?: string; epoch: number; epochs: number; batch: number; batches?: number; remaining?: number } // prettier-ignore
  settings?: Record<string, unknown>
  model?: string
  steps?: { step: number; figures: Record<string, number>; learningRates: number[]; samplesPerSecond?: number; memory: Record<string, number> }[] // prettier-ignore
  epochs?: { step: number; epoch: number; training: Record<string, number>; validation: Record<string, number> }[]
  samples?: { epoch: number; pixels: Pixels; samples: { label: string; answer?: string; right?: boolean; probability?: number }[] } // prettier-ignore
  maps?: { epoch: number; layers: { path: string; pixels: Pixels }[] }
  confusion?: { epoch: number; counts: number[][]; classes: string[] }
}

interface Pixels {
  id: string
  width: number
  height: number
}

/** Listens as a browser does. */
export class Listener {
  readonly told: Told[] = []
  readonly ended: Promise<void>
  #response: IncomingMessage | undefined

  constructor(url: string) {
    this.ended = new Promise((resolve) => {
      const asked = request(`${url}events`, (response) => {
        this.#response = response
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
          const events = text.split('\n\n')
          text = events.pop()!
          for (const event of events) if (event.startsWith('data: ')) this.told.push(JSON.parse(event.slice(6)) as Told)
        })
        response.on('close', resolve)
      })
      asked.on('error', () => resolve()).end()
    })
  }

  /** When something was told that fits. */
  async until(fits: (told: Told) => boolean): Promise<Told> {
    for (;;) {
      const found = this.told.find(fits)
      if (found) return found
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }

  leave(): void {
    this.#response?.destroy()
  }
}

/** Trains a small network on digits drawn in code. */
export async function trainDigits(callbacks: train.Callback[], options: Partial<train.FitOptions> = {}) {
  const model = new nn.Sequential(
    new nn.Conv2d(1, 4, 5, { stride: 2 }),
    new nn.ReLU(),
    new nn.Dropout(0.5),
    new nn.Flatten(),
    new nn.Linear(4 * 144, 10),
  )
  const trainer = new train.Trainer(model, {
    optimizer: new optim.Adam(model.parameters(), { lr: 0.01 }),
    loss: new nn.CrossEntropyLoss(),
    metrics: [train.accuracy, train.confusionMatrix()],
  })
  const validation = data.digits({ count: 40, split: 'test' })
  const fit = { epochs: 2, batchSize: 20, validation, callbacks, ...options }
  return { model, history: await trainer.fit(data.digits({ count: 100 }), fit) }
}
