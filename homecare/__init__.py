"""What we talk about: values and pure decisions that edge and gateway share.

No input or output, no log. Only `clock` and `identity` read the world (time and chance).
"""
