from s2v.compat import S2VConfig

# Configuration based on GPU memory
GPU_MEMORY_GB = 24
optimal_batch_size = min(4, GPU_MEMORY_GB // 6)

S2VConfig.GPU_CONFIG['max_batch_size'] = optimal_batch_size
