"""``model.keras``, ``model.saved_model.zip``, ``model.pb`` (frozen), ``model.tflite`` and ``model_int8.tflite``."""

import shutil
import sys
import tempfile
from pathlib import Path

import small_network
import tensorflow as tf


def network() -> tf.keras.Model:
    """Return the network with its weights; images are (height, width, channels)."""
    layers = tf.keras.layers
    first = layers.Conv2D(8, 3, padding="same", activation="relu")
    second = layers.Conv2D(16, 3, padding="same", activation="relu")
    last = layers.Dense(small_network.CLASSES)
    image = tf.keras.Input((*small_network.SHAPE[2:], 3), batch_size=1)
    features = layers.GlobalAveragePooling2D()(second(layers.MaxPooling2D(2)(first(image))))
    made = tf.keras.Model(image, last(features))
    known = small_network.weights()
    first.set_weights([known["kernel_1"].transpose(2, 3, 1, 0), known["bias_1"]])
    second.set_weights([known["kernel_2"].transpose(2, 3, 1, 0), known["bias_2"]])
    last.set_weights([known["matrix"].T, known["bias_3"]])
    return made


def frozen() -> bytes:
    """Return a graph of TensorFlow 1's operators and constants, as OpenCV reads it."""
    known = small_network.weights()
    with tf.Graph().as_default() as graph:
        features = tf.compat.v1.placeholder(tf.float32, (1, *small_network.SHAPE[2:], 3), "input")
        for index in (1, 2):
            kernel = known[f"kernel_{index}"].transpose(2, 3, 1, 0)
            features = tf.nn.conv2d(features, kernel, 1, "SAME")
            features = tf.nn.relu(tf.nn.bias_add(features, known[f"bias_{index}"]))
            if index == 1:
                features = tf.nn.max_pool2d(features, 2, 2, "VALID")
        features = tf.reduce_mean(features, (1, 2))
        tf.nn.bias_add(tf.matmul(features, known["matrix"].T), known["bias_3"])
    return graph.as_graph_def().SerializeToString()


def main(directory: Path) -> None:
    """Write the files."""
    made = network()
    made.save(directory / "model.keras")
    with tempfile.TemporaryDirectory() as saved:
        made.export(saved, verbose=False)
        shutil.make_archive(str(directory / "model.saved_model"), "zip", saved)
    (directory / "model.pb").write_bytes(frozen())
    converter = tf.lite.TFLiteConverter.from_keras_model(made)
    (directory / "model.tflite").write_bytes(converter.convert())
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    images = small_network.inputs(32).transpose(0, 2, 3, 1)
    converter.representative_dataset = lambda: ([image[None]] for image in images)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    (directory / "model_int8.tflite").write_bytes(converter.convert())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
