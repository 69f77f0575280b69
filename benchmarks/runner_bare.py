"""What a user's own script would call for one inference, runtime by runtime, over what a backend has loaded.

One function per backend, named like it: from the loaded backend to a function from a tensor to an output.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Infer = Callable[[Any], Any]


def onnxruntime(backend: Any) -> Infer:
    """``InferenceSession.run``."""
    session = backend._session
    name, outputs = session.get_inputs()[0].name, [session.get_outputs()[0].name]
    return lambda tensor: session.run(outputs, {name: tensor})[0]


def pytorch(backend: Any) -> Infer:
    """The call of a module."""
    module, from_numpy, device = backend._module, backend._torch.from_numpy, backend._device
    return lambda tensor: module(from_numpy(tensor).to(device)).cpu().numpy()


def tflite(backend: Any) -> Infer:
    """``Interpreter.invoke`` between ``set_tensor`` and ``get_tensor``."""
    interpreter = backend._interpreters[0]
    entry, result = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]

    def infer(tensor: Any) -> Any:
        interpreter.set_tensor(entry, tensor)
        interpreter.invoke()
        return interpreter.get_tensor(result)

    return infer


def openvino(backend: Any) -> Infer:
    """``InferRequest.infer`` over an array that the request reads where it lies."""
    request, share = backend._requests[0], backend._openvino.Tensor
    known = [None]

    def infer(tensor: Any) -> Any:
        if tensor is not known[0]:
            request.set_input_tensor(share(tensor, shared_memory=True))
            known[0] = tensor
        request.infer(share_outputs=True)
        return request.get_output_tensor().data

    return infer


def opencv(backend: Any) -> Infer:
    """``Net.forward`` after ``setInput``."""
    (net,) = backend._nets

    def infer(tensor: Any) -> Any:
        net.setInput(tensor)
        return net.forward()

    return infer


def ncnn(backend: Any) -> Infer:
    """``Extractor.extract``."""
    net, matrix = backend._net, backend._ncnn.Mat
    entry, result = net.input_names()[0], net.output_names()[0]

    def infer(tensor: Any) -> Any:
        extractor = net.create_extractor()
        extractor.input(entry, matrix(tensor[0]))
        return extractor.extract(result)[1].numpy()

    return infer


def tensorflow(backend: Any) -> Infer:
    """The call of a concrete function."""
    function, constant, flatten = backend._function, backend._tf.constant, backend._tf.nest.flatten
    return lambda tensor: flatten(function(constant(tensor)))[0].numpy()


def mnn(backend: Any) -> Infer:
    """``runSession`` between the copies in and out."""
    interpreter, library = backend._interpreter, backend._mnn
    (session,) = backend._sessions
    entry, output = interpreter.getSessionInput(session), interpreter.getSessionOutput(session)
    kind, number = library.Tensor_DimensionType_Caffe, library.Halide_Type_Float
    result = library.Tensor(output.getShape(), number, np.zeros(output.getShape(), np.float32), kind)

    def infer(tensor: Any) -> Any:
        entry.copyFrom(library.Tensor(tensor.shape, number, tensor, kind))
        interpreter.runSession(session)
        output.copyToHostTensor(result)
        return result.getNumpyData()

    return infer


def executorch(backend: Any) -> Infer:
    """``Method.execute``."""
    method, from_numpy = backend._method, backend._torch.from_numpy
    return lambda tensor: method.execute([from_numpy(tensor)])[0].numpy()


def armnn(backend: Any) -> Infer:
    """``EnqueueWorkload``."""
    library, runtime, network = backend._armnn, backend._runtime, backend._network
    entry, result = backend._input, backend._result

    def infer(tensor: Any) -> Any:
        runtime.EnqueueWorkload(network, library.make_input_tensors([entry], [tensor]), result)
        return library.workload_tensors_to_ndarray(result)[0]

    return infer


litert, opencv5 = tflite, opencv  # the same calls of another library
