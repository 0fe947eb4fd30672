import { type Command, Option } from 'commander'
import {
  type ComputeOptions,
  computes,
  fraction,
  nonNegative,
  numbers,
  positive,
  seeded,
  tellsJson,
  whole,
  withExamples,
} from '../arguments.js'

export const optimizers = ['sgd', 'adam', 'adamw', 'nadam', 'rmsprop', 'adagrad', 'adadelta', 'lion'] as const
export const schedules = ['none', 'cosine', 'onecycle', 'step', 'exponential', 'plateau'] as const

export interface TrainOptions extends ComputeOptions {
  data: string
  model: string
  epochs: number
  batchSize: number
  lr?: number
  optimizer: (typeof optimizers)[number]
  momentum: number
  weightDecay?: number
  schedule: (typeof schedules)[number]
  labelSmoothing: number
  clipGradNorm?: number
  augment?: string
  validation?: number
  samples?: number
  size?: number
  mean?: number[]
  std?: number[]
  workers: number
  pretrained?: string
  freeze?: number | true
  patience?: number
  out?: string
  resume?: boolean
  overwrite?: boolean
  checkpointEvery?: number
  capture?: boolean
  amp?: 'bfloat16' | 'float16' | true
  root?: string
  partial?: boolean
  seed: number
  dashboard?: boolean
  tensorboard?: boolean
  quiet?: boolean
  json?: boolean
}

/** What of `options` was said on the command line, by name. */
export type Given = ReadonlySet<string>

export function train(program: Command): void {
  const command = program
    .command('train')
    .description('trains a network, and writes the best epoch, checkpoints, figures and a report to a folder')
    .option('--data <set>', 'mnist, fashion-mnist, cifar10, cifar100, not-mnist, digits, or a folder of images')
    .option('--model <network>', 'a network of docs/models.md: mnistCnn, resnet20, mobilenetV2 …')
    .option('--epochs <n>', 'passes over the data', whole(1), 5)
    .option('--batch-size <n>', 'images per step', whole(1), 64)
    .addOption(new Option('--optimizer <name>', 'how steps are taken').choices(optimizers).default('adam'))
    .option('--lr <rate>', 'learning rate; default: 0.05 for sgd, and what suits the others', positive)
    .option('--momentum <share>', 'of sgd and rmsprop', nonNegative, 0.9)
    .option('--weight-decay <factor>', "default: the optimizer's", nonNegative)
    .addOption(new Option('--schedule <name>', 'how the learning rate changes').choices(schedules).default('cosine'))
    .option('--label-smoothing <share>', 'of the labels that goes to all classes', nonNegative, 0)
    .option('--clip-grad-norm <norm>', 'the most that the gradients may have together', positive)
    .option(
      '--augment <list>',
      'none, or some of crop,flip,rotate,color,erase,randaugment; default: crop,flip for photos',
    )
    .option(
      '--validation <share>',
      'of the training images that is held out; default: the test images, else 0.1',
      fraction,
    )
    .option('--samples <n>', 'images of each split at most', whole(1))
    .option('--size <n>', "side of the images; default: theirs, or the network's", whole(1))
    .option('--mean <list>', 'of pixels between 0 and 1, per channel; default: those of the data', numbers)
    .option('--std <list>', 'likewise', numbers)
    .option('--workers <n>', 'threads that load images from a folder', whole(0), 0)
    .option('--pretrained <file>', 'weights to begin with; a head for other classes is made anew')
    .option(
      '--freeze [epochs]',
      'with --pretrained: train the new head alone, for so many epochs, or for all',
      whole(1),
    )
    .option('--patience <epochs>', 'stop after so many epochs without a smaller validation loss', whole(1))
    .option('--out <folder>', 'of the run; default: runs/DATA-MODEL')
    .option('--resume', 'go on with the run in the folder, bit for bit; options not given are as they were')
    .option('--overwrite', 'replace a run that is in the folder')
    .option('--checkpoint-every <steps>', 'save within epochs, too', whole(1))
    .option('--capture', 'record steps and replay them natively: faster for small networks')
    .addOption(new Option('--amp [dtype]', 'mixed precision, on CUDA').choices(['bfloat16', 'float16']))
    .option('--root <folder>', 'of the data set, where it is not in the cache')
    .option('--partial', "take those of CIFAR's files that there are")
    .option('--dashboard', 'a page on this machine that shows the run as it goes on')
    .option('--tensorboard', 'write the run for tensorboard --logdir, into its folder')
    .option('--quiet', 'no progress')
    .action(async (options: TrainOptions, command: Command) => {
      const given = new Set(Object.keys(options).filter((name) => command.getOptionValueSource(name) === 'cli'))
      const { train } = await import('../actions/train.js')
      await train(options, given)
    })
  withExamples(
    tellsJson(seeded(computes(command))),
    'train --data mnist --model mnistCnn --epochs 3',
    'train --data cifar10 --model resnet20 --optimizer sgd --lr 0.1 --epochs 24 --out runs/cifar',
    'train --data photos/ --model squeezenet1_1 --pretrained squeezenet1_1.pth --freeze 1 --workers 2',
    'train --resume --out runs/cifar --epochs 30',
  )
}
