"""The layouts that checkpoints come in: where their parts lie and what their weights are called."""
