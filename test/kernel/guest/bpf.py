"""The bpf() system call, as far as a watching program needs it (include/uapi/linux/bpf.h: union bpf_attr)."""
import ctypes
import mmap
import os
import struct

SYSCALL = 321
MAP_CREATE, PROG_LOAD, OBJ_GET_INFO_BY_FD, RAW_TRACEPOINT_OPEN, BTF_GET_FD_BY_ID, BTF_GET_NEXT_ID = 0, 5, 15, 17, 19, 23
MAP_TYPE_ARRAY, F_MMAPABLE = 2, 1 << 10
PROG_TYPE_TRACING, TRACE_FENTRY, TRACE_FEXIT = 26, 24, 25
libc = ctypes.CDLL(None, use_errno=True)


def call(command, attributes):
    size = len(attributes)
    result = libc.syscall(SYSCALL, command, attributes, size)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"bpf command {command}: {os.strerror(number)}")
    return result


def attr(layout, *values):
    packed = struct.pack("=" + layout, *values)
    return ctypes.create_string_buffer(packed, 128)


def address(buffer):
    return ctypes.addressof(buffer)


class Map:
    """An array of equal entries, seen by the program and, as memory, by us."""

    def __init__(self, entry, count):
        self.entry = (entry + 7) & ~7
        self.count = count
        self.fd = call(MAP_CREATE, attr("5I", MAP_TYPE_ARRAY, 4, self.entry, count, F_MMAPABLE))
        size = -(-self.entry * count // mmap.PAGESIZE) * mmap.PAGESIZE
        self.memory = mmap.mmap(self.fd, size)


def secrets():
    """Where the kernel keeps the key of the flow hash and that of folded pointers, as test/kernel/watch.ts calls them."""
    names = {"hashrnd": "rxhashAddress", "flow_keys_secret": "foldAddress"}
    found = {}
    with open("/proc/kallsyms") as symbols:
        for line in symbols:
            words = line.split()
            if words[2] in names:
                found[names[words[2]]] = int(words[0], 16)
    return found


def module_btf(name):
    """File descriptor of a module's types."""
    number = 0
    while True:
        following = attr("II", number, 0)
        call(BTF_GET_NEXT_ID, following)
        number = struct.unpack_from("=I", following, 4)[0]
        fd = call(BTF_GET_FD_BY_ID, attr("I", number))
        text = ctypes.create_string_buffer(64)
        info = ctypes.create_string_buffer(struct.pack("=QIIQII", 0, 0, 0, address(text), 64, 0), 32)
        call(OBJ_GET_INFO_BY_FD, attr("IIQ", fd, 32, address(info)))
        if text.value.decode() == name:
            return fd
        os.close(fd)


def attach(program, maps, module, function, entry=False):
    """Loads a program whose map numbers stand for `maps`, and has it run at every call, or every return, of the
    function of a module (of the kernel itself: "")."""
    code = bytearray(program)
    for at in range(0, len(code), 8):
        if code[at] == 0x18 and code[at + 1] >> 4 == 1:
            struct.pack_into("=i", code, at + 4, maps[struct.unpack_from("=i", code, at + 4)[0]].fd)
    instructions = ctypes.create_string_buffer(bytes(code), len(code))
    licence = ctypes.create_string_buffer(b"GPL")
    log = ctypes.create_string_buffer(1 << 20)
    attributes = attr(
        "IIQQIIQII16sIIIIQIIQIII",
        PROG_TYPE_TRACING, len(code) // 8, address(instructions), address(licence), 1, len(log), address(log), 0, 0,
        b"watch", 0, TRACE_FENTRY if entry else TRACE_FEXIT, 0, 0, 0, 0, 0, 0, 0, function, module_btf(module) if module else 0,
    )
    try:
        fd = call(PROG_LOAD, attributes)
    except OSError as error:
        raise RuntimeError(f"{error}\n{log.value.decode()[-4000:]}")
    return call(RAW_TRACEPOINT_OPEN, attr("QI", 0, fd))
