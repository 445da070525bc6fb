"""Sound and pictures as files: PCM, WAV, H.264, MP4; the only importer of `av`."""
