import type { Command } from 'commander'
import { type ComputeOptions, computes, tellsJson, whole, withExamples } from '../arguments.js'
import { type ModelFileOptions, opensModel } from './eval.js'

export interface PredictOptions extends ComputeOptions, ModelFileOptions {
  top: number
  classes?: string
  json?: boolean
}

export function predict(program: Command): void {
  const command = program
    .command('predict')
    .description('says what is in images: a line for each answer, with image, rank, class and probability')
    .argument('<image...>', 'JPEG, PNG, WebP, GIF, TIFF or AVIF files; - is standard input')
  opensModel(command)
    .option('--top <n>', 'answers for each image', whole(1), 5)
    .option('--classes <file>', "the classes' names, a line each, where the model's file does not have them")
    .action(async (images: string[], options: PredictOptions) => {
      const { predict } = await import('../actions/predict.js')
      await predict(images, options)
    })
  withExamples(
    tellsJson(computes(command)),
    'predict photo.jpg --model runs/photos',
    'predict *.jpg --model resnet18.pth --network resnet18 --classes imagenet_classes.txt --top 1',
    'predict - --model squeezenet.onnx --classes imagenet_classes.txt < photo.jpg',
    'predict photo.jpg --model web/model.json --json',
  )
}
