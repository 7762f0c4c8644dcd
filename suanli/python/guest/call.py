"""The program of a job whose file names a function: call.py FILE NAME ARGUMENT…"""

import sys

sys.path.insert(0, "/")  # where the job's files are
file, name, *arguments = sys.argv[1:]
value = getattr(__import__(file.removesuffix(".py")), name)(*arguments)
if isinstance(value, bytes):
    sys.stdout.flush()
    sys.stdout.buffer.write(value)
elif value is not None:
    print(value)
