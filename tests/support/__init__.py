"""What tests share: scratch stacks, stores and writers, a stand-in for a model, and samples to feed them."""
