"""An ensemble of networks, with test-time augmentation by the mirror image, as one network."""

from keras import Input, Model, ops


def ensemble(members, mirrored=False, name="ensemble"):
    """A network whose logits are the mean of its members' log-probabilities.

    members: networks that map float32 (n, h, w, 1) to logits (n, labels), of one image size and one order of labels.
    mirrored: average over the image and its mirror image. The mean of log-probabilities is the geometric mean
    of the probabilities, the "logarithmic opinion pool" (Heskes 1998). Of a single member that is not mirrored,
    the probabilities are the member's own. If the members have a distance as their second output (distance.py), so
    has the ensemble: its mean over members and views.
    """
    height, width, channels = members[0].input.shape[1:]
    outputs = members[0].outputs
    image = Input((height, width, channels), name="image")
    # One batch of both images, so that a converted file contains the weights once.
    batch = ops.concatenate([image, ops.flip(image, axis=2)], axis=0) if mirrored else image
    members = [Model(member.input, member.outputs if len(outputs) > 1 else member.outputs[0], name=f"member_{index}")
               for index, member in enumerate(members)]
    found = [member(batch) for member in members]
    found = list(zip(*found, strict=True)) if len(outputs) > 1 else [found]
    found[0] = [ops.log_softmax(logits, axis=-1) for logits in found[0]]
    means = [_mean(values, mirrored) for values in found]
    return Model(image, means if len(outputs) > 1 else means[0], name=name)


def _mean(values, mirrored):
    """The mean of the tensors `values`, (n, d) or, if mirrored, (2n, d), over them and the views."""
    mean = values[0] if len(values) == 1 else sum(values[1:], values[0]) / len(values)
    return ops.mean(ops.reshape(mean, (2, -1, mean.shape[-1])), axis=0) if mirrored else mean
