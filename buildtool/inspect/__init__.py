"""What is in a model? Its ends, weights, work and memory, and its graph to look at.

A caller needs :func:`~buildtool.inspect.inspecting.inspect_model` and
:func:`~buildtool.inspect.views.write_views`. It never changes a model, and wants no sources and no
compilers.
"""
