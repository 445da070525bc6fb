"""The render engine `wan`: Wan2.2-S2V-14B, a diffusion transformer, animates one photograph."""
