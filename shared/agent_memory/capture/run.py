"""Where hooks that an earlier version installed look for the program: it runs the one in `agent_memory/hook/`.

`memory-daemon hooks install` writes the new place; until then nothing that an agent says may be lost.
"""

_root = __file__.rsplit("/", 3)[0]
__file__ = (_root[: -len("shared")] + "services" if _root.endswith("/shared") else _root) + "/agent_memory/hook/run.py"
with open(__file__, encoding="utf-8") as _program:  # noqa: PTH123
    exec(compile(_program.read(), __file__, "exec"))
