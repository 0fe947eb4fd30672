/** What all networks of the zoo are told. */
export interface ClassifierOptions {
  /** Of what they tell apart; default 1000, ImageNet's. */
  numClasses?: number
}

/** What networks with dropout are told. */
export interface DropoutOption {
  /** Probability of a zero before the classifier; the default is the network's. */
  dropout?: number
}

/** What networks whose authors drew weights otherwise are told. */
export interface InitOption {
  /** Whether weights are drawn as the network's authors did; false leaves PyTorch's usual ones. Default true. */
  initWeights?: boolean
}
