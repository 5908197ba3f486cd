"""An ensemble of networks, with test-time augmentation by the mirror image, as one network."""

from keras import Input, Model, ops


def ensemble(members, mirrored=False, name="ensemble"):
    """A network whose logits are the mean of its members' log-probabilities.

    members: networks that map float32 (n, h, w, 1) to logits (n, labels), of one image size and one order of labels.
    mirrored: average over the image and its mirror image. The mean of log-probabilities is the geometric mean
    of the probabilities, the "logarithmic opinion pool" (Heskes 1998). Of a single member that is not mirrored,
    the probabilities are the member's own.
    """
    height, width, channels = members[0].input.shape[1:]
    labels = members[0].output.shape[-1]
    image = Input((height, width, channels), name="image")
    # One batch of both images, so that a converted file contains the weights once.
    batch = ops.concatenate([image, ops.flip(image, axis=2)], axis=0) if mirrored else image
    members = [Model(member.input, member.output, name=f"member_{index}") for index, member in enumerate(members)]
    log_p = [ops.log_softmax(member(batch), axis=-1) for member in members]
    mean = log_p[0] if len(log_p) == 1 else sum(log_p[1:], log_p[0]) / len(log_p)
    if mirrored:
        mean = ops.mean(ops.reshape(mean, (2, -1, labels)), axis=0)
    return Model(image, mean, name=name)
