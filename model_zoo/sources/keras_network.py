"""``keras_network:<name>``: a backbone of ``keras.applications``, or a network of ``model_zoo.keras_networks``.

A backbone gets the mean over its last features and one dense layer, as in transfer learning. Weights are random by
seed.
"""

import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from model_zoo import bridge, converter_environment
from model_zoo.errors import UnsupportedError, ZooError
from model_zoo.model import Model
from model_zoo.source import Loaded, Request
from model_zoo.sources import keras as keras_files

PACKAGES = ()
GIVES = "keras"
_IMAGES = 16


def code_files(model: Model) -> list[Path]:
    """Return the networks that are written here and the lock of the environment that builds them."""
    written = Path(__file__).parents[1] / "keras_networks.py"
    return [written, converter_environment.lock_of(keras_files.ENVIRONMENT)]


def declared_weights(model: Model) -> str:
    """Return the kind of weights the model has."""
    return "seeded_random"


def load(request: Request) -> Loaded:
    """Build the network in Keras's environment and save it.

    Raises:
        ZooError: there is no such network, pretrained weights are asked for, or its parameters are not as stated.
    """
    model = request.model
    if request.weights == "pretrained":
        raise ZooError(f"{model.name}: pretrained weights: none are published for this network")
    request.folder.mkdir(parents=True, exist_ok=True)
    path = request.folder / f"{model.name}-seed{model.seed}.keras"
    with tempfile.TemporaryDirectory(prefix="edgebench-keras-", dir=request.folder) as scratch:
        made, images = Path(scratch).resolve() / "model.keras", Path(scratch).resolve() / "images.npy"
        np.save(images, model.preprocess.apply(request.dataset.calibration[:_IMAGES]).transpose(0, 2, 3, 1))
        job = {
            "network": model.source_argument,
            "classes": model.classes,
            "seed": model.seed,
            "images": str(images),
            "path": str(made),
        }
        try:
            found = bridge.call(
                keras_files.ENVIRONMENT, "keras", "model_zoo.sources.keras_network:far_make", job
            )
        except UnsupportedError as error:
            raise ZooError(f"{model.defined_in}: [{model.name}] source: {error}") from error
        shutil.move(made, path)
    if model.parameters not in (None, found["parameters"]):
        raise ZooError(
            f"{model.name}: has {found['parameters']} parameters, the entry says {model.parameters}"
        )
    detail = f"keras seed {model.seed}; normalisation from {request.dataset.name}"
    return Loaded("seeded_random", detail, file=path, file_format="keras", parameters=found["parameters"])


def far_make(job: dict[str, Any]) -> dict[str, Any]:
    """Build, seed and save a network in Keras's environment.

    As with torch's, normalisation takes its statistics from the images, and the last layer is centred and scaled over
    them.
    """
    import keras

    keras.utils.set_random_seed(job["seed"])
    images = np.load(job["images"], allow_pickle=False)
    model = _network(job["network"], images.shape[1:], job["classes"])
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    momenta = [layer.momentum for layer in norms]
    for layer in norms:
        layer.momentum = 0.0
    if norms:
        model(images, training=True)
    for layer, momentum in zip(norms, momenta, strict=True):
        layer.momentum = momentum
    logits = np.asarray(model(images, training=False))
    centre, spread = logits.mean(axis=0), logits.std(axis=0).mean()
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([kernel / spread, (bias - centre) / spread])
    model.save(job["path"])
    return keras_files.describe(model)


def _network(name: str, shape: tuple[int, ...], classes: int) -> Any:
    import keras

    from model_zoo import keras_networks

    if name in keras_networks.NETWORKS:
        return keras_networks.NETWORKS[name](shape, classes)
    build = getattr(keras.applications, name, None)
    if not callable(build):
        valid = sorted(known for known in dir(keras.applications) if known[0].isupper())
        raise UnsupportedError(
            f"unknown network {name!r}; valid: {', '.join([*keras_networks.NETWORKS, *valid])}"
        )
    backbone = build(weights=None, include_top=False, pooling="avg", input_shape=shape)
    return keras.Model(backbone.input, keras.layers.Dense(classes)(backbone.output))
