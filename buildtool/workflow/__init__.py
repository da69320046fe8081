"""The steps of one target, one module each, with a function ``run``. Each can run alone: it reads
what the steps before it left under ``build/<target id>/`` and leaves its own result there."""
