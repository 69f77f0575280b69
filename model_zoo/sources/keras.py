"""``keras:<path or address>``: a Keras file (``.keras``) of the user's, held to its SHA-256."""

from pathlib import Path
from typing import Any

from model_zoo import bridge, converter_environment
from model_zoo.errors import UnsupportedError, ZooError
from model_zoo.model import Model
from model_zoo.source import Loaded, Request, own_file

PACKAGES = ()
GIVES = "keras"
ENVIRONMENT = "linux-x86_64-cp311/tensorflow"


def code_files(model: Model) -> list[Path]:
    """Return the lock of the environment that reads the file; the entry's digest stands for the model."""
    return [converter_environment.lock_of(ENVIRONMENT)]


def declared_weights(model: Model) -> str:
    """Return the kind of weights the file has."""
    return "pretrained"


def load(request: Request) -> Loaded:
    """Fetch or find the file, and check that it can be measured.

    Raises:
        ZooError: no digest is stated, it is another one, or the file is unreachable, truncated, holds code, has free
            sizes, or another input than the entry states.
    """
    model = request.model
    path = own_file(model, request.folder)
    try:
        found = bridge.call(
            ENVIRONMENT, "keras", "model_zoo.sources.keras:far_look", {"path": str(path.resolve())}
        )
    except UnsupportedError as error:
        raise ZooError(f"{path}: {error}") from error
    check_shape(str(path), found["shape"], model)
    detail = f"{model.source_argument} sha256:{model.sha256}"
    return Loaded("pretrained", detail, file=path, file_format="keras", parameters=found["parameters"])


def check_shape(where: str, shape: list[int | None], model: Model) -> None:
    """Hold an input (batch, H, W, C) to the entry's.

    Raises:
        ZooError: sizes are free, or others.
    """
    _, channels, height, width = model.input_shape
    if None in shape[1:]:
        raise ZooError(
            f"{where}: the input has the dynamic shape {shape}; valid: fixed sizes, a free batch apart"
        )
    if shape[1:] != [height, width, channels]:
        raise ZooError(
            f"{where}: the input is {shape}, [{model.name}] input says {[1, height, width, channels]}"
        )


def far_look(job: dict[str, Any]) -> dict[str, Any]:
    """Open a file in Keras's environment; return the shape of its input and the number of values it learned."""
    from model_zoo.exporters import keras

    return describe(keras.read(Path(job["path"])))


def describe(model: Any) -> dict[str, Any]:
    """Return a Keras model's input shape and number of learned values."""
    import numpy as np

    counts = [int(np.prod(weight.shape)) for weight in model.trainable_weights]
    return {"shape": list(model.inputs[0].shape), "parameters": sum(counts)}
