import json

# Load saved statistics
with open('outputs/detailed_stats_abc123.json', 'r') as f:
    stats = json.load(f)

# Analyze performance
processing_times = [worker['average_processing_time'] 
                   for worker in stats['system_stats']['worker_stats'].values()]
print(f"Average processing time: {sum(processing_times)/len(processing_times):.2f}s")
