import { models, type nn } from 'convcore'

/** By the names of cases.json; bench/pytorch/networks.py has their twins. */
export const networks: Record<string, () => nn.Layer> = {
  'mnist-cnn': models.mnistCnn,
  'scratch-cnn': models.simpleConvNet,
  lenet5: models.lenet5,
  mlp: models.fashionDnn,
  resnet20: models.resnet20,
  resnet18: models.resnet18,
}
