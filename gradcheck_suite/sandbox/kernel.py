"""System calls that Python does not have, by their names in libc. Linux only.

Constants are those of ``linux/prctl.h`` and ``linux/capability.h``. Each function raises OSError
where the kernel refuses.
"""

import ctypes
import os
from pathlib import Path
from signal import SIGKILL
from typing import Final

__all__ = [
    "DAC_READ_SEARCH",
    "die_with_parent",
    "forbid_new_privileges",
    "keep_capabilities",
    "permitted_capabilities",
    "set_capabilities",
]

DAC_READ_SEARCH: Final = 1 << 2  # read every file and folder, whatever their permissions
_SET_PARENT_DEATH_SIGNAL: Final = 1
_SET_KEEP_CAPABILITIES: Final = 8
_SET_NO_NEW_PRIVILEGES: Final = 38
_CAPABILITY_VERSION_3: Final = 0x20080522


def forbid_new_privileges() -> None:
    """Make sure that no exec ever gives this process more than it has (set-uid files, root)."""
    _prctl(_SET_NO_NEW_PRIVILEGES, 1)


def die_with_parent() -> None:
    """Be killed when the thread ends that started this process. A change of uid clears this."""
    _prctl(_SET_PARENT_DEATH_SIGNAL, SIGKILL)


def keep_capabilities() -> None:
    """Keep the permitted capabilities through the next change of uid."""
    _prctl(_SET_KEEP_CAPABILITIES, 1)


def permitted_capabilities() -> int:
    """Return the capabilities, as bits, that this process may have."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapPrm:"):
            return int(line.split()[1], 16)
    return 0


def set_capabilities(bits: int) -> None:
    """Have these capabilities, of the lowest 32, and no others."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    data = (ctypes.c_uint32 * 6)(bits, bits, 0, 0, 0, 0)  # effective, permitted, inheritable, twice
    _checked(ctypes.CDLL(None, use_errno=True).capset(header, data))


def _prctl(option: int, value: int) -> None:
    zero = ctypes.c_ulong(0)
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    _checked(prctl(option, ctypes.c_ulong(value), zero, zero, zero))


def _checked(result: int) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
