"""What does a child give up before it sees data? Whatever the kernel lets any process give up.

Behind bubblewrap this is the second wall; where bubblewrap is absent it is the first. A seccomp
filter refuses new programs, sockets, tracing, mounts and changes of files' modes; it is written
for two architectures and skipped on others, where ``confine`` says so.
"""

from __future__ import annotations

import ctypes
import platform
import resource
import signal
import struct
import sys

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 1, 4, 38
PR_GET_SECCOMP, PR_SET_SECCOMP = 21, 22
SECCOMP_MODE_FILTER = 2

# From linux/filter.h and linux/seccomp.h.
LOAD_WORD, JUMP_IF_EQUAL, JUMP_IF_FROM, RETURN = 0x20, 0x15, 0x35, 0x06
ALLOW, REFUSE = 0x7FFF0000, 0x00050001  # the call fails with EPERM
NUMBER, ARCHITECTURE = 0, 4  # offsets in struct seccomp_data
SECOND_TABLE = 0x40000000  # x86_64 has its calls a second time, with this bit

# name: (x86_64, aarch64); None where the architecture has no such call
CALLS: dict[str, tuple[int | None, int | None]] = {
    "socket": (41, 198),
    "connect": (42, 203),
    "accept": (43, 202),
    "sendto": (44, 206),
    "bind": (49, 200),
    "listen": (50, 201),
    "socketpair": (53, 199),
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "execveat": (322, 281),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "init_module": (175, 105),
    "kexec_load": (246, 104),
}
ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}


def confine() -> bool:
    """For the rest of this process's life. Whether system calls are filtered too."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    for option, value in (
        (PR_SET_PDEATHSIG, signal.SIGKILL),
        (PR_SET_DUMPABLE, 0),
        (PR_SET_NO_NEW_PRIVS, 1),
    ):
        _set(libc, option, value)
    return _filter_calls(libc)


def filters_calls() -> bool:
    """Whether the kernel has filters, and this file one for its architecture."""
    if sys.platform != "linux" or platform.machine() not in ARCHITECTURES:
        return False
    return bool(ctypes.CDLL(None).prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0)


def _set(libc: ctypes.CDLL, option: int, value: int) -> None:
    """Raises OSError where the kernel refuses."""
    if libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def _filter_calls(libc: ctypes.CDLL) -> bool:
    if not filters_calls():
        return False
    code = ctypes.create_string_buffer(_instructions(platform.machine()))
    program = _Program(len(code.raw) // 8, ctypes.cast(code, ctypes.c_void_p))
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "seccomp")
    return True


def _instructions(machine: str) -> bytes:
    """Wrong architecture or a listed call: refused. Anything else: allowed."""
    column, architecture = ARCHITECTURES[machine]
    numbers = [pair[column] for pair in CALLS.values() if pair[column] is not None]
    parts = [
        _instruction(LOAD_WORD, 0, 0, ARCHITECTURE),
        _instruction(JUMP_IF_EQUAL, 1, 0, architecture),
        _instruction(RETURN, 0, 0, REFUSE),
        _instruction(LOAD_WORD, 0, 0, NUMBER),
        _instruction(JUMP_IF_FROM, len(numbers) + 1, 0, SECOND_TABLE),
    ]
    for left, number in zip(range(len(numbers), 0, -1), numbers, strict=True):
        parts.append(_instruction(JUMP_IF_EQUAL, left, 0, number or 0))
    parts += [_instruction(RETURN, 0, 0, ALLOW), _instruction(RETURN, 0, 0, REFUSE)]
    return b"".join(parts)


def _instruction(code: int, if_true: int, if_false: int, value: int) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, value)
