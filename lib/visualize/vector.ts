import { loadSharp } from '../vision/sharp.js'
import { Picture } from './picture.js'
import type { TextOptions } from './terminal.js'

/** A picture made of lines and letters. */
export class Vector extends Picture {
  constructor(
    width: number,
    height: number,
    private readonly draw: () => Promise<string>,
    private readonly write: (options: Required<TextOptions>) => string,
  ) {
    super(width, height)
  }

  svg(): Promise<string> {
    return this.draw()
  }

  async png(): Promise<Uint8Array> {
    const sharp = await loadSharp()
    return sharp(Buffer.from(await this.draw()))
      .flatten({ background: '#fff' })
      .png()
      .toBuffer()
  }

  text({ columns = 80, colors = 1 }: TextOptions = {}): string {
    return this.write({ columns, colors })
  }
}
