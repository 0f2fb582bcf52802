"""The daemon's end of the agent channel: streaming the agent, calls, pushed events."""
