import json

# Get comprehensive system status
status = system.get_system_status()
print(json.dumps(status, indent=2))
