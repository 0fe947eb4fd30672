import { type Command, Option } from 'commander'
import { type ComputeOptions, computes, numbers, tellsJson, whole, withExamples } from '../arguments.js'

/** What says of a model what its file does not. */
export interface ModelFileOptions {
  model: string
  network?: string
  size?: number
  mean?: number[]
  std?: number[]
}

export interface EvalOptions extends ComputeOptions, ModelFileOptions {
  data: string
  split?: 'train' | 'test'
  classes?: string
  batchSize: number
  samples?: number
  workers: number
  perClass?: boolean
  confusion?: boolean
  root?: string
  partial?: boolean
  json?: boolean
}

/** `--model` and what may have to be said besides. */
export const opensModel = (command: Command): Command =>
  command
    .requiredOption(
      '--model <file>',
      "a run's folder, a model (model.safetensors, .onnx, model.json), or weights with --network",
    )
    .option('--network <name>', 'of which network the weights in a .safetensors, .pth or .npz file are')
    .option('--size <n>', 'side of the images that the model takes', whole(1))
    .option(
      '--mean <list>',
      "of pixels between 0 and 1; default: the model's own, else ImageNet's, 0 for Keras",
      numbers,
    )
    .option('--std <list>', 'likewise; 1 for Keras', numbers)

export function evaluate(program: Command): void {
  const command = program
    .command('eval')
    .description(
      'measures a model on labelled images: loss, accuracy and top-5, by class and as a confusion matrix if asked',
    )
    .requiredOption('--data <set>', 'mnist, fashion-mnist, cifar10, cifar100, not-mnist, digits, or a folder of images')
  opensModel(command)
    .addOption(new Option('--split <name>', 'default: test, where there is one').choices(['train', 'test']))
    .option('--classes <file>', "the model's classes, a line each, where its file does not name them")
    .option('--batch-size <n>', 'images at a time', whole(1), 64)
    .option('--samples <n>', 'images at most', whole(1))
    .option('--workers <n>', 'threads that load images from a folder', whole(0), 0)
    .option('--per-class', 'a line for each class: images, precision, recall, F1')
    .option('--confusion', 'how often each class (row) was taken for each other (column)')
    .option('--root <folder>', 'of the data set, where it is not in the cache')
    .option('--partial', "take those of CIFAR's files that there are")
    .action(async (options: EvalOptions) => {
      const { evaluate } = await import('../actions/eval.js')
      await evaluate(options)
    })
  withExamples(
    tellsJson(computes(command)),
    'eval --model runs/mnist-mnistCnn --data mnist',
    'eval --model runs/photos --data photos/ --per-class',
    'eval --model resnet18.pth --network resnet18 --data imagenet/ --json',
  )
}
