"""Several networks, and their answers to the mirror image, as one network."""

from keras import Input, Model, ops


def together(members, mirrored=False, name="together"):
    """A network that answers the mean of its members' logarithms of probabilities, to be read as logits.

    members: networks that take float32 (n, h, w, 1) and answer logits (n, labels), of one size and one
    order of labels. mirrored: each is asked about the mirror image, too. The mean of logarithms is the
    geometric mean of the probabilities, "logarithmic opinion pool" (Heskes 1998); of one member that is not
    mirrored it is the member.
    """
    height, width, channels = members[0].input.shape[1:]
    labels = members[0].output.shape[-1]
    image = Input((height, width, channels), name="image")
    # One batch of both: the weights stand in a converted file once.
    seen = ops.concatenate([image, ops.flip(image, axis=2)], axis=0) if mirrored else image
    members = [Model(member.input, member.output, name=f"member_{place}") for place, member in enumerate(members)]
    answers = [ops.log_softmax(member(seen), axis=-1) for member in members]
    pooled = answers[0] if len(answers) == 1 else sum(answers[1:], answers[0]) / len(answers)
    if mirrored:
        pooled = ops.mean(ops.reshape(pooled, (2, -1, labels)), axis=0)
    return Model(image, pooled, name=name)
