"""In the path of a Python process, this makes its networks narrow, see `tests.narrow.ENVIRONMENT`."""

import importlib.util
import sys

NAME = "selfsup_segmentation.models.encoder"


class Narrowing:
    """Finds the module of the encoder as others do, and patches it once it is loaded."""

    def find_spec(self, name, path, target=None):
        if name != NAME:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            from tests.narrow import narrow

            module.narrowing = narrow()  # kept, or it would end with this function
            module.narrowing.__enter__()

        spec.loader.exec_module = exec_module
        return spec


sys.meta_path.insert(0, Narrowing())
