"""Build a recipe's network, untrained or with the weights of a run."""

from dataclasses import replace
from pathlib import Path

import keras

from ..data.labels import LABEL_SETS
from ..errors import TrainingError
from .convolution import OneChannelConv2D
from .initial_weights import interpolate_weights, read_checkpoint


def build(recipe):
    """The recipe's network, untrained, in the recipe's precision."""
    keras.config.set_dtype_policy(recipe.precision)
    try:
        return recipe.network({name: len(LABEL_SETS[name]) for name in recipe.label_sets})
    finally:
        keras.config.set_dtype_policy("float32")


def with_fast_kernels(model):
    """`model` with the layers that Keras 3 computes slowly on a CPU exchanged; same weights, same outputs.

    - Batch normalization of images takes one kernel instead of a dozen, a third of the step of a wide network.
    - Depthwise convolutions with strides compute in float32: those in bfloat16 lack a fast kernel.
    - Large kernels over images with one channel compute many channels in bfloat16, a fifth less time for a step of
      Valero's network after Cao (`python -m benchmarks.training_steps`). Others, and float32, gain nothing.

    TensorFlow only; on another backend `model` is returned unchanged.
    """
    if keras.backend.backend() != "tensorflow":
        return model
    from .batch_normalization import FusedBatchNormalization

    def clone(layer):
        kind, config = type(layer), layer.get_config()
        if kind is keras.layers.BatchNormalization and len(layer.output.shape) == 4:
            kind = FusedBatchNormalization
        elif kind is keras.layers.DepthwiseConv2D and max(layer.strides) > 1:
            config["dtype"] = "float32"
        elif kind is keras.layers.Conv2D and _is_slow_convolution(layer):
            kind = OneChannelConv2D
        return kind.from_config(config)

    copy = keras.models.clone_model(model, clone_function=clone, recursive=True)     # also the models inside it
    copy.set_weights(model.get_weights())
    return copy


def _is_slow_convolution(convolution):
    """Whether a Conv2D is one that OneChannelConv2D computes faster."""
    return (convolution.input.shape[-1] == 1 and convolution.kernel_size[1] > 3
            and convolution.compute_dtype == "bfloat16" and convolution.dilation_rate == (1, 1)
            and convolution.data_format == "channels_last")


def load_trained(recipe, folder, precision="float32"):
    """The recipe's network with the averaged weights of the run in `folder`, interpolated where the recipe says so.

    It computes in `precision`. Raises TrainingError where the run is missing or has another network.
    """
    path = Path(folder) / ("best.npz" if recipe.selected_epoch == "best" else "checkpoint.npz")
    if not path.exists():
        raise TrainingError(f"{folder}: there is no {path.name}; train it first: python -m training fit {recipe.name}")
    state = read_checkpoint(path)
    model = build(replace(recipe, precision=precision))
    try:
        model.set_weights([state[f"average_{i}"] for i in range(len(model.weights))])
    except (KeyError, ValueError):
        raise TrainingError(f"{path}: the weights do not fit the network of recipe {recipe.name!r}; "
                            "train it again") from None
    if recipe.interpolation:
        interpolate_weights(model, recipe.interpolated_with, recipe.interpolation, Path(folder).parent)
    return model
