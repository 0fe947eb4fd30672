import { existsSync } from 'node:fs'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'

/** Why nothing is tested in a browser; false when there is one. */
export const noBrowser: string | false = existsSync(CHROMIUM) ? false : `no browser at ${CHROMIUM}`

export async function launch(): Promise<Browser> {
  const { chromium } = await import('playwright-core')
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

/** A page, and what it should not have: complaints in its console, and requests to elsewhere. */
export interface Watched {
  page: Page
  complaints: string[]
  outside: string[]
}

/** Light and dark, and as wide as a telephone. */
export const LOOKS: Readonly<Record<string, BrowserContextOptions>> = {
  light: { colorScheme: 'light', viewport: { width: 1280, height: 900 } },
  dark: { colorScheme: 'dark', viewport: { width: 1280, height: 900 } },
  narrow: { colorScheme: 'light', viewport: { width: 390, height: 844 }, hasTouch: true },
}

export async function open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Watched> {
  const page = await browser.newPage(options)
  const watched: Watched = { page, complaints: [], outside: [] }
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') watched.complaints.push(message.text())
  })
  page.on('pageerror', (error) => watched.complaints.push(error.message))
  page.on('request', (request) => {
    const address = request.url()
    if (!address.startsWith('data:') && !address.startsWith(new URL('./', url).href)) watched.outside.push(address)
  })
  await page.goto(url)
  return watched
}

/** Whether everything is as wide as the window at most. */
export const fits = (page: Page): Promise<boolean> =>
  page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')

/** What an expression gives for the first element that fits a selector. */
export const ofElement = <T>(page: Page, selector: string, expression: string): Promise<T> =>
  page.evaluate(`((element) => { ${expression} })(document.querySelector(${JSON.stringify(selector)}))`)

/** The contrast of text with what is behind it, by WCAG 2: from 1 to 21, and at least 4.5 for readable text. */
export const contrast = (page: Page, selector: string): Promise<number> =>
  ofElement(
    page,
    selector,
    `
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
    const bytes = (color) => {
      canvas.clearRect(0, 0, 1, 1)
      canvas.fillStyle = color
      canvas.fillRect(0, 0, 1, 1)
      return canvas.getImageData(0, 0, 1, 1).data
    }
    const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    const light = (color) => {
      const [r, g, b] = [...bytes(color)].map((v) => linear(v / 255))
      return 0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    let behind = element
    while (behind.parentElement && bytes(getComputedStyle(behind).backgroundColor)[3] < 255) behind = behind.parentElement
    const style = getComputedStyle(element)
    const front = light(element instanceof SVGElement ? style.fill : style.color)
    const back = light(getComputedStyle(behind).backgroundColor)
    return (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05)`,
  )
