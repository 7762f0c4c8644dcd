"""Run once, when a snapshot is made: what it leaves in memory is where each task begins."""

import gc
import os
import sys
import zipimport

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

OLD, LIBRARY = "/usr/local/lib/python315.zip", "/tmp/python.zip"


class LateLibrary:
    """The first of those that are asked for a module. It writes the library where the others look
    for it, when first something is imported that was not loaded yet."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if self.data:
            data, self.data = self.data, b""
            with open(LIBRARY, "wb") as file:
                file.write(data)


def moved(path: str) -> str:
    return LIBRARY + path.removeprefix(OLD) if path.startswith(OLD) else path


def boot() -> None:
    with open("/library.zip", "rb") as file:
        library = LateLibrary(file.read())
    whole = library.data
    sys.meta_path.insert(0, library)
    sys.path[:] = [LIBRARY]
    sys.path_importer_cache.clear()
    vars(zipimport)["_zip_directory_cache"].pop(OLD, None)
    for module in list(sys.modules.values()):
        spec = getattr(module, "__spec__", None)
        if spec is not None and spec.submodule_search_locations:
            spec.submodule_search_locations[:] = map(moved, spec.submodule_search_locations)
            module.__path__ = spec.submodule_search_locations
    with open("/program.py") as program:
        code = compile(program.read(), "guest.py", "exec", 0x1000000, True, 2)
    space: dict[str, object] = {"__name__": "suanli_guest"}
    exec(code, space)
    main: Any = space["main"]

    def run() -> None:
        main()
        os._exit(0)  # tidying up takes longer than a task

    vars(sys)["suanli_main"] = run
    with open("/loaded.txt") as names:
        for name in names.read().split():
            __import__(name)
    library.data = whole
    gc.collect()


boot()
