from s2v.compat import IntegratedS2VSystem

import glob
from pathlib import Path

# Initialize system once
system = IntegratedS2VSystem(num_gpus=4)

# Process multiple files
images = glob.glob("inputs/images/*.jpg")
audios = glob.glob("inputs/audio/*.wav")

results = []
for img_path, audio_path in zip(images, audios):
    try:
        result = system.generate_video(
            image_path=img_path,
            audio_path=audio_path,
            prompt=f"Video from {Path(img_path).stem}",
            output_name=Path(img_path).stem + "_video"
        )
        results.append(result)
        print(f"✓ Generated: {result['output_path']}")
    except Exception as e:
        print(f"✗ Failed {img_path}: {e}")

# Cleanup
system.cleanup()
print(f"Processed {len(results)} videos successfully")
