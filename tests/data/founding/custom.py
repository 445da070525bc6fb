from s2v.compat import IntegratedS2VSystem
from s2v.compat import S2VConfig

# Customize configuration
custom_config = {
    'model_name': 's2v-14B',
    'custom_quality_preset': {
        'guidance_scale': 3.5,
        'num_inference_steps': 20,
        'enhance_frames': True
    }
}

system = IntegratedS2VSystem(
    config=custom_config,
    num_gpus=4,
    output_dir="./custom_outputs"
)

result = system.generate_video(
    image_path="input.jpg",
    audio_path="input.wav",
    prompt="Custom generation",
    **custom_config['custom_quality_preset']
)
