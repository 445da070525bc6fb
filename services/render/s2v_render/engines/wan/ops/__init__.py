"""What the transformer computes besides its matrices, plainly and fused, behind one protocol."""
