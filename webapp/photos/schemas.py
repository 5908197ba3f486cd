"""The request and response schemas of the API, for its OpenAPI document."""

from apiflask import Schema
from apiflask.fields import Boolean, Dict, File, Float, Integer, List, Nested, String
from apiflask.validators import Length, Range

from ..languages.catalogues import N_

_FRACTION = Range(0, 1)


def _point():
    return List(Float(), required=True, validate=Length(equal=2),
                metadata={"description": N_("x, y as fractions of the upright image")})


class Box(Schema):
    x = Float(required=True)
    y = Float(required=True)
    width = Float(required=True)
    height = Float(required=True)


class Landmarks(Schema):
    right_eye, left_eye, nose, mouth = _point(), _point(), _point(), _point()


class Face(Schema):
    box = Nested(Box, required=True, metadata={"description": N_("fractions of the upright image")})
    landmarks = Nested(Landmarks, required=True, metadata={"description": N_("right and left as seen by the person")})
    score = Float(required=True, validate=_FRACTION)
    probabilities = Dict(String(), Float(validate=_FRACTION), required=True,
                         metadata={"description": N_("calibrated probability of each label; they sum to 1")})
    votes = Dict(String(), Integer(validate=Range(1, 10)), metadata={
        "description": N_("predicted votes of ten people; only for models trained on labels from several raters")})
    balanced = Dict(String(), Float(validate=_FRACTION), metadata={
        "description": N_("probabilities with part of the training data's prior removed, so that frequent labels are "
                          "preferred less; not votes; only for models whose card has `balanced`")})
    expression = String(required=True, metadata={"description": N_("the label with the highest probability")})
    unsure = Boolean(required=True, metadata={
        "description": N_("whether that probability is below the model's threshold")})
    distance = Float(validate=Range(0), metadata={
        "description": N_("from the training data, in the network's features; only for models with this output")})
    unlike = Boolean(metadata={
        "description": N_("whether the distance is above the model's threshold: the face or image is unlike the "
                          "training data; only for models with this output")})


class ImageSize(Schema):
    width = Integer(required=True, validate=Range(1))
    height = Integer(required=True, validate=Range(1))


class ModelName(Schema):
    name = String(required=True)
    version = String(required=True)
    label_set = String(required=True)


class Reading(Schema):
    picture = Nested(ImageSize, required=True, metadata={"description": N_("size of the upright image in pixels")})
    model = Nested(ModelName, required=True)
    faces = List(Nested(Face), required=True, metadata={"description": N_("highest score first; empty without a face")})
    milliseconds = Dict(String(), Float(), required=True, metadata={"description": N_("duration of each step")})


class ErrorDetail(Schema):
    code = String(required=True, metadata={"description": N_("error code, for programs")})
    message = String(required=True, metadata={"description": N_("message, for people")})
    request = String(metadata={"description": N_("id of the request in the server's log")})


class Error(Schema):
    error = Nested(ErrorDetail, required=True)


class FileReading(Schema):
    """Has either `reading` or `error`."""

    name = String(required=True, metadata={"description": N_("the file name in the request")})
    reading = Nested(Reading)
    error = Nested(ErrorDetail)


class Readings(Schema):
    readings = List(Nested(FileReading), required=True, metadata={"description": N_("in the order of the files")})


class Model(ModelName):
    title = String(required=True)
    labels = List(String(), required=True, metadata={"description": N_("in the order of the network's outputs")})
    raters = Integer(required=True, allow_none=True)
    default = Boolean(required=True)
    unsure_threshold = Float(required=True, validate=_FRACTION)


class Models(Schema):
    models = List(Nested(Model), required=True, metadata={"description": N_("the default first")})


class ExplanationRequest(Schema):
    """A form with an image and the face to explain."""

    picture = File(required=True, metadata={"description": N_("the image")})
    model = String(metadata={
        "description": N_("name of a model; the default model if omitted"), "example": "jury-live"})
    face = Integer(load_default=0, validate=Range(0, 10_000), metadata={
        "description": N_("index of the face, highest score first; ignored if `landmarks` is given")})
    landmarks = String(validate=Length(max=2000), metadata={
        "description": N_("the face's landmarks as in a reading, as JSON")})
    expression = String(metadata={"description": N_("the expression to explain; the predicted one if omitted")})


class Explanation(Schema):
    model = Nested(ModelName, required=True)
    expression = String(required=True)
    probability = Float(required=True, validate=_FRACTION)
    landmarks = Nested(Landmarks, required=True)
    crop = List(List(Integer(validate=Range(0, 255))), required=True, metadata={
        "description": N_("the network's input: rows of gray values")})
    map = List(List(Float(validate=Range(-1, 1))), required=True, metadata={
        "description": N_("occlusion map: rows of drops in probability when the region is covered")})


class PreviewRequest(Schema):
    """A form with an image that a browser cannot display."""

    picture = File(required=True, metadata={"description": N_("the image")})


class ReadingRequest(Schema):
    """A form with the images to read."""

    picture = List(File(), required=True, validate=Length(1), metadata={
        "description": N_("one or more: JPEG, PNG, WebP, AVIF, HEIC, GIF, BMP, TIFF")})
    model = String(metadata={
        "description": N_("name of a model; the default model if omitted"), "example": "jury-live"})
