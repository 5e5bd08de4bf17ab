"""How families of engines are spelled: tables of candidates, in order of preference, no code.

A candidate is a template of ``program.spelling`` in which ``{C}`` stands for the engine's class and
``{f:name}`` for each function ``name`` of the submission; discovery tries each and trusts values,
not names.
"""
