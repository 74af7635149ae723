"""How does a newcomer see a real question travel? One command, with data that anybody may hold."""
