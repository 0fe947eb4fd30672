import { Module } from '../nn/module.js'
import { cat } from '../ops/join.js'
import { avgPool2d, maxPool2d } from '../ops/pool.js'
import type { Tensor } from '../tensor.js'
import { BasicConv2d } from './basicConv.js'

// Letters, and names of fields, are torchvision's; figures are those of Szegedy et al., 2015.

const wide = { padding: [0, 3] } as const
const tall = { padding: [3, 0] } as const
const average = (x: Tensor) => avgPool2d(x, 3, { stride: 1, padding: 1 })
const halved = (x: Tensor) => maxPool2d(x, 3, { stride: 2 })

/** Branches of 1×1, 5×5, two of 3×3, and a pool: figure 5. */
export class InceptionA extends Module {
  branch1x1: BasicConv2d
  branch5x5_1: BasicConv2d
  branch5x5_2 = new BasicConv2d(48, 64, 5, { padding: 2 })
  branch3x3dbl_1: BasicConv2d
  branch3x3dbl_2 = new BasicConv2d(64, 96, 3, { padding: 1 })
  branch3x3dbl_3 = new BasicConv2d(96, 96, 3, { padding: 1 })
  branch_pool: BasicConv2d

  constructor(inChannels: number, poolFeatures: number) {
    super()
    this.branch1x1 = new BasicConv2d(inChannels, 64, 1)
    this.branch5x5_1 = new BasicConv2d(inChannels, 48, 1)
    this.branch3x3dbl_1 = new BasicConv2d(inChannels, 64, 1)
    this.branch_pool = new BasicConv2d(inChannels, poolFeatures, 1)
  }

  forward(x: Tensor): Tensor {
    return cat(
      [
        this.branch1x1(x),
        this.branch5x5_2(this.branch5x5_1(x)),
        this.branch3x3dbl_3(this.branch3x3dbl_2(this.branch3x3dbl_1(x))),
        this.branch_pool(average(x)),
      ],
      1,
    )
  }
}

/** To half the size: figure 10. */
export class InceptionB extends Module {
  branch3x3: BasicConv2d
  branch3x3dbl_1: BasicConv2d
  branch3x3dbl_2 = new BasicConv2d(64, 96, 3, { padding: 1 })
  branch3x3dbl_3 = new BasicConv2d(96, 96, 3, { stride: 2 })

  constructor(inChannels: number) {
    super()
    this.branch3x3 = new BasicConv2d(inChannels, 384, 3, { stride: 2 })
    this.branch3x3dbl_1 = new BasicConv2d(inChannels, 64, 1)
  }

  forward(x: Tensor): Tensor {
    const double = this.branch3x3dbl_3(this.branch3x3dbl_2(this.branch3x3dbl_1(x)))
    return cat([this.branch3x3(x), double, halved(x)], 1)
  }
}

/** Filters of 7×7 as a row and a column: figure 6. */
export class InceptionC extends Module {
  branch1x1: BasicConv2d
  branch7x7_1: BasicConv2d
  branch7x7_2: BasicConv2d
  branch7x7_3: BasicConv2d
  branch7x7dbl_1: BasicConv2d
  branch7x7dbl_2: BasicConv2d
  branch7x7dbl_3: BasicConv2d
  branch7x7dbl_4: BasicConv2d
  branch7x7dbl_5: BasicConv2d
  branch_pool: BasicConv2d

  constructor(inChannels: number, channels7x7: number) {
    super()
    const c7 = channels7x7
    this.branch1x1 = new BasicConv2d(inChannels, 192, 1)
    this.branch7x7_1 = new BasicConv2d(inChannels, c7, 1)
    this.branch7x7_2 = new BasicConv2d(c7, c7, [1, 7], wide)
    this.branch7x7_3 = new BasicConv2d(c7, 192, [7, 1], tall)
    this.branch7x7dbl_1 = new BasicConv2d(inChannels, c7, 1)
    this.branch7x7dbl_2 = new BasicConv2d(c7, c7, [7, 1], tall)
    this.branch7x7dbl_3 = new BasicConv2d(c7, c7, [1, 7], wide)
    this.branch7x7dbl_4 = new BasicConv2d(c7, c7, [7, 1], tall)
    this.branch7x7dbl_5 = new BasicConv2d(c7, 192, [1, 7], wide)
    this.branch_pool = new BasicConv2d(inChannels, 192, 1)
  }

  forward(x: Tensor): Tensor {
    const once = this.branch7x7_3(this.branch7x7_2(this.branch7x7_1(x)))
    let twice = this.branch7x7dbl_3(this.branch7x7dbl_2(this.branch7x7dbl_1(x)))
    twice = this.branch7x7dbl_5(this.branch7x7dbl_4(twice))
    return cat([this.branch1x1(x), once, twice, this.branch_pool(average(x))], 1)
  }
}

/** To half the size again. */
export class InceptionD extends Module {
  branch3x3_1: BasicConv2d
  branch3x3_2 = new BasicConv2d(192, 320, 3, { stride: 2 })
  branch7x7x3_1: BasicConv2d
  branch7x7x3_2 = new BasicConv2d(192, 192, [1, 7], wide)
  branch7x7x3_3 = new BasicConv2d(192, 192, [7, 1], tall)
  branch7x7x3_4 = new BasicConv2d(192, 192, 3, { stride: 2 })

  constructor(inChannels: number) {
    super()
    this.branch3x3_1 = new BasicConv2d(inChannels, 192, 1)
    this.branch7x7x3_1 = new BasicConv2d(inChannels, 192, 1)
  }

  forward(x: Tensor): Tensor {
    const long = this.branch7x7x3_4(this.branch7x7x3_3(this.branch7x7x3_2(this.branch7x7x3_1(x))))
    return cat([this.branch3x3_2(this.branch3x3_1(x)), long, halved(x)], 1)
  }
}

/** Branches that fork into a row and a column: figure 7. */
export class InceptionE extends Module {
  branch1x1: BasicConv2d
  branch3x3_1: BasicConv2d
  branch3x3_2a = new BasicConv2d(384, 384, [1, 3], { padding: [0, 1] })
  branch3x3_2b = new BasicConv2d(384, 384, [3, 1], { padding: [1, 0] })
  branch3x3dbl_1: BasicConv2d
  branch3x3dbl_2 = new BasicConv2d(448, 384, 3, { padding: 1 })
  branch3x3dbl_3a = new BasicConv2d(384, 384, [1, 3], { padding: [0, 1] })
  branch3x3dbl_3b = new BasicConv2d(384, 384, [3, 1], { padding: [1, 0] })
  branch_pool: BasicConv2d

  constructor(inChannels: number) {
    super()
    this.branch1x1 = new BasicConv2d(inChannels, 320, 1)
    this.branch3x3_1 = new BasicConv2d(inChannels, 384, 1)
    this.branch3x3dbl_1 = new BasicConv2d(inChannels, 448, 1)
    this.branch_pool = new BasicConv2d(inChannels, 192, 1)
  }

  forward(x: Tensor): Tensor {
    const once = this.branch3x3_1(x)
    const double = this.branch3x3dbl_2(this.branch3x3dbl_1(x))
    return cat(
      [
        this.branch1x1(x),
        this.branch3x3_2a(once),
        this.branch3x3_2b(once),
        this.branch3x3dbl_3a(double),
        this.branch3x3dbl_3b(double),
        this.branch_pool(average(x)),
      ],
      1,
    )
  }
}
