from s2v.compat import IntegratedS2VSystem

# Initialize system
system = IntegratedS2VSystem(
    num_gpus=2,
    checkpoint_dir="./checkpoints",
    output_dir="./outputs"
)

# Generate video
result = system.generate_video(
    image_path="portrait.jpg",
    audio_path="speech.wav",
    prompt="A professional speaker",
    quality="medium",
    enhance_quality=True
)

print(f"Generated: {result['output_path']}")
print(f"Time: {result['generation_time']:.2f}s")

# Cleanup
system.cleanup()
