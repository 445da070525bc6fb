# Custom scheduling strategy
from s2v.compat import LoadBalancer

load_balancer = LoadBalancer(monitor)
optimal_chunk_size = load_balancer.suggest_optimal_chunk_size(
    total_frames=150,
    num_workers=4
)
