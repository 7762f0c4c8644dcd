"""Write the bytecode of the guest's side of Python functions: python tools/compile_guest.py"""

from pathlib import Path

from suanli.engine.host import Pool
from suanli.python import INTERPRETERS, program

FOLDER = Path(program.__file__).parent / "guest"

if __name__ == "__main__":
    with Pool(1) as pool:
        for interpreter in [one for one in INTERPRETERS if one.wheel]:
            result = pool.submit(program.compiling(interpreter)).result()
            assert result.ok, result.stderr.decode()
            for name, data in result.files.items():
                path = FOLDER / interpreter.name / name
                path.write_bytes(data)
                print(f"{path}: {len(data)} bytes")
