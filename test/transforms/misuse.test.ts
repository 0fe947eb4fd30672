import t from 'tap'
import { ones, tensor, transforms, type Tensor, zeros } from 'convcore'

const { functional: F } = transforms
const bytes = (...shape: number[]): Tensor => ones(shape, { dtype: 'uint8' })
const rgb = bytes(3, 8, 8)

const wrong: [name: string, run: () => unknown, error: string, message: RegExp][] = [
  [
    'a matrix',
    () => F.hflip(ones([4, 4])),
    'ShapeError',
    /hflip: expected an image \[C, H, W\] or a batch \[N, C, H, W\], got \[4, 4\]/,
  ],
  ['an image without pixels', () => F.resize(zeros([3, 0, 4]), 2), 'ShapeError', /resize: expected an image/],
  [
    'integers',
    () => F.invert(zeros([1, 2, 2], { dtype: 'int32' })),
    'DTypeError',
    /invert: expected x of a float dtype or uint8, got int32/,
  ],
  [
    'no tensor',
    () => new transforms.Normalize(0, 1)([1] as never),
    'TypeError',
    /normalize: expected x to be a Tensor, got \[1\]/,
  ],
  [
    'size 0',
    () => new transforms.Resize(0),
    'RangeError',
    /Resize: expected size to be a positive integer or a pair of them, got 0/,
  ],
  [
    'maxSize below size',
    () => F.resize(rgb, 8, { maxSize: 8 }),
    'RangeError',
    /resize: expected maxSize to be greater than 8, got 8/,
  ],
  [
    'maxSize beside a pair',
    () => F.resize(rgb, [8, 8], { maxSize: 9 }),
    'RangeError',
    /resize: expected maxSize beside one size/,
  ],
  [
    'unknown interpolation',
    () => F.resize(rgb, 4, { interpolation: 'lanczos' as never }),
    'RangeError',
    /expected mode to be one of nearest, bilinear, bicubic/,
  ],
  [
    'a crop of images that are too small',
    () => new transforms.RandomCrop(9)(rgb),
    'ShapeError',
    /RandomCrop: expected images of at least \[9, 9\] with their padding, got \[3, 8, 8\]/,
  ],
  [
    'three paddings',
    () => new transforms.Pad([1, 2, 3] as never),
    'RangeError',
    /Pad: expected padding to be one, two or four whole numbers/,
  ],
  [
    'unknown padding',
    () => F.pad(rgb, 1, { paddingMode: 'wrap' as never }),
    'RangeError',
    /pad: expected paddingMode to be one of constant, edge, reflect, symmetric/,
  ],
  [
    'a mirrored padding beyond the image',
    () => F.pad(rgb, 9, { paddingMode: 'symmetric' }),
    'RangeError',
    /pad: expected padding of at most 8/,
  ],
  [
    'a fill that bytes do not hold',
    () => F.pad(rgb, 1, { fill: 300 }),
    'RangeError',
    /pad: expected value to be a whole number from 0 to 255, got 300/,
  ],
  [
    'a fill for two channels of three',
    () => F.rotate(rgb, 5, { fill: [1, 2] }),
    'RangeError',
    /expected fill to be a finite number, one for each of 3 channels/,
  ],
  ['a scale of 0', () => F.affine(rgb, { scale: 0 }), 'RangeError', /affine: expected scale to be positive, got 0/],
  ['an angle that is none', () => F.rotate(rgb, NaN), 'TypeError', /rotate: expected angle to be a number, got NaN/],
  [
    'negative degrees',
    () => new transforms.RandomRotation(-5),
    'RangeError',
    /RandomRotation: expected degrees to be at least 0, or two numbers, got -5/,
  ],
  [
    'a range upside down',
    () => new transforms.RandomRotation([5, -5]),
    'RangeError',
    /RandomRotation: expected degrees to be two numbers in order, got \[5, -5\]/,
  ],
  [
    'expanding per sample',
    () => new transforms.RandomRotation(5, { expand: true, perSample: true }),
    'RangeError',
    /RandomRotation: expected expand without perSample/,
  ],
  [
    'bicubic turns',
    () => new transforms.RandomAffine({ interpolation: 'bicubic' as never }),
    'RangeError',
    /RandomAffine: expected interpolation/,
  ],
  [
    'a shift of more than all',
    () => new transforms.RandomAffine({ translate: [0, 2] }),
    'RangeError',
    /RandomAffine: expected translate to be two shares from 0 to 1, got \[0, 2\]/,
  ],
  [
    'no probability',
    () => new transforms.RandomHorizontalFlip({ p: 2 }),
    'RangeError',
    /RandomHorizontalFlip: expected p to be between 0 and 1, got 2/,
  ],
  [
    'two means for three channels',
    () => new transforms.Normalize([0, 0], 1)(rgb),
    'ShapeError',
    /standardize: expected mean of 3 channels, got 2/,
  ],
  [
    'a deviation of 0',
    () => new transforms.Normalize(0, 0)(rgb),
    'RangeError',
    /standardize: expected std to be finite numbers other than 0/,
  ],
  [
    'to integers',
    () => F.convertImageDtype(rgb, 'int32'),
    'DTypeError',
    /convertImageDtype: expected uint8 or a float dtype, got "int32"/,
  ],
  [
    'grey of two channels',
    () => F.rgbToGrayscale(bytes(2, 4, 4)),
    'ShapeError',
    /rgbToGrayscale: expected an image of 1 or 3 channels, got \[2, 4, 4\]/,
  ],
  [
    'a hue beyond half the circle',
    () => new transforms.ColorJitter({ hue: 0.6 }),
    'RangeError',
    /ColorJitter: expected hue between -0.5 and 0.5/,
  ],
  [
    'a negative brightness',
    () => F.adjustBrightness(rgb, -1),
    'RangeError',
    /adjustBrightness: expected factor to be at least 0, got -1/,
  ],
  [
    'factors for another number of images',
    () => F.adjustContrast(bytes(2, 3, 4, 4), [1, 2, 3]),
    'ShapeError',
    /adjustContrast: expected one number for each image, got 3/,
  ],
  [
    'nine bits',
    () => F.posterize(rgb, 9),
    'RangeError',
    /posterize: expected bits to be a whole number from 0 to 8, got 9/,
  ],
  [
    'equalized floats',
    () => F.equalize(ones([1, 4, 4])),
    'DTypeError',
    /equalize: expected x of dtype uint8, got float32/,
  ],
  [
    'boxes for another number of images',
    () =>
      F.erase(bytes(3, 1, 4, 4), [
        { top: 0, left: 0, height: 1, width: 1 },
        { top: 0, left: 0, height: 1, width: 1 },
      ]),
    'ShapeError',
    /erase: expected one box or one for each of 3 images, got 2/,
  ],
  [
    'a magnitude beyond the bins',
    () => new transforms.RandAugment({ magnitude: 31 }),
    'RangeError',
    /RandAugment: expected magnitude below 31, got 31/,
  ],
  [
    'no transforms',
    () => new transforms.Compose([1] as never),
    'TypeError',
    /Compose: expected an array of transforms/,
  ],
  ['no function', () => new transforms.Lambda(1 as never), 'TypeError', /Lambda: expected a function, got 1/],
  [
    'shares for another number of transforms',
    () => new transforms.RandomChoice([F.hflip], { p: [1, 2] }),
    'RangeError',
    /RandomChoice: expected a share from 0 on for each transform/,
  ],
  [
    'mixing without classes',
    () => new transforms.MixUp()(ones([2, 1, 2, 2]), tensor(Int32Array.of(0, 1))),
    'RangeError',
    /MixUp: expected numClasses for labels \[N\]/,
  ],
  [
    'mixing bytes',
    () => new transforms.MixUp({ numClasses: 2 })(bytes(2, 1, 2, 2), tensor(Int32Array.of(0, 1))),
    'DTypeError',
    /MixUp: expected images of a float dtype, got uint8/,
  ],
  [
    'mixing one image',
    () => new transforms.CutMix({ numClasses: 2 })(rgb, tensor(Int32Array.of(0))),
    'ShapeError',
    /CutMix: expected a batch \[N, C, H, W\], got \[3, 8, 8\]/,
  ],
  [
    'labels of other images',
    () => new transforms.CutMix({ numClasses: 2 })(bytes(2, 1, 2, 2), tensor(Int32Array.of(0))),
    'ShapeError',
    /CutMix: expected labels \[2\] or \[2, classes\], got \[1\]/,
  ],
  [
    'an interpolation that is none, even to the same size',
    () => F.resize(rgb, 8, { interpolation: 'area' as never }),
    'RangeError',
    /resize: expected mode to be one of nearest, bilinear, bicubic, got "area"/,
  ],
  ['alpha 0', () => new transforms.MixUp({ alpha: 0 }), 'RangeError', /MixUp: expected alpha to be positive, got 0/],
]

for (const [name, run, error, message] of wrong)
  t.test(`${name} is refused`, (t) => {
    t.throws(run, { name: error, message })
    t.end()
  })
