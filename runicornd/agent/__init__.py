"""The program at the far end: finds environments, starts viewers, tells how they are.

It is streamed over SSH and imported from memory; nothing is written to the server's disk. Python 3.6
and the standard library are all it needs, and its modules import only each other, so that they work
under any package name. ``docs/agent-protocol.md`` is its contract.

    loader         imports the other modules from memory
    main           the agent: reads requests, answers them
    keeper         the detached process that owns one viewer
"""
