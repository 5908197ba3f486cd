"""The API's shapes, for its OpenAPI document: the Reading and what stands around it."""

from apiflask import Schema
from apiflask.fields import Boolean, Dict, File, Float, Integer, List, Nested, String
from apiflask.validators import Length, Range

_SHARE = Range(0, 1)


def _point():
    return List(Float(), required=True, validate=Length(equal=2),
                metadata={"description": "x, y as fractions of the upright picture"})


class Box(Schema):
    x = Float(required=True)
    y = Float(required=True)
    width = Float(required=True)
    height = Float(required=True)


class Landmarks(Schema):
    right_eye, left_eye, nose, mouth = _point(), _point(), _point(), _point()


class Face(Schema):
    box = Nested(Box, required=True, metadata={"description": "fractions of the upright picture"})
    landmarks = Nested(Landmarks, required=True, metadata={"description": "right and left are the person's own"})
    score = Float(required=True, validate=_SHARE)
    probabilities = Dict(String(), Float(validate=_SHARE), required=True,
                         metadata={"description": "calibrated, of each of the model's labels; they sum to 1"})
    votes = Dict(String(), Integer(validate=Range(1, 10)), metadata={
        "description": "how ten people would vote; only from models that were judged by raters"})
    expression = String(required=True, metadata={"description": "the label of the largest probability"})
    unsure = Boolean(required=True, metadata={"description": "that probability is below the model's threshold"})


class Picture(Schema):
    width = Integer(required=True, validate=Range(1))
    height = Integer(required=True, validate=Range(1))


class ModelName(Schema):
    name = String(required=True)
    version = String(required=True)
    label_set = String(required=True)


class Reading(Schema):
    picture = Nested(Picture, required=True, metadata={"description": "pixels of the upright picture"})
    model = Nested(ModelName, required=True)
    faces = List(Nested(Face), required=True, metadata={"description": "the surest first; empty where nobody is"})
    milliseconds = Dict(String(), Float(), required=True, metadata={"description": "time of each step"})


class ErrorWords(Schema):
    code = String(required=True, metadata={"description": "for programs"})
    message = String(required=True, metadata={"description": "for people"})


class Error(Schema):
    error = Nested(ErrorWords, required=True)


class ReadingOfFile(Schema):
    """One of `reading` and `error`."""

    name = String(required=True, metadata={"description": "the file's name as it was sent"})
    reading = Nested(Reading)
    error = Nested(ErrorWords)


class Readings(Schema):
    readings = List(Nested(ReadingOfFile), required=True, metadata={"description": "in the order of the files"})


class Model(ModelName):
    title = String(required=True)
    labels = List(String(), required=True, metadata={"description": "in the order of the network's outputs"})
    raters = Integer(required=True, allow_none=True)
    default = Boolean(required=True)
    unsure_threshold = Float(required=True, validate=_SHARE)


class Models(Schema):
    models = List(Nested(Model), required=True, metadata={"description": "the default first"})


class ExplanationRequest(Schema):
    """A form of a picture and which face of it to explain."""

    picture = File(required=True, metadata={"description": "the picture"})
    model = String(metadata={
        "description": "a model's name; the default one where left out", "example": "jury-live"})
    face = Integer(load_default=0, validate=Range(0, 10_000), metadata={
        "description": "number of the face, the surest is 0; not looked at where `landmarks` are given"})
    landmarks = String(validate=Length(max=2000), metadata={
        "description": "the face's landmarks as a reading has them, as JSON"})
    expression = String(metadata={"description": "the expression to explain; the face's own where left out"})


class Explanation(Schema):
    model = Nested(ModelName, required=True)
    expression = String(required=True)
    probability = Float(required=True, validate=_SHARE)
    landmarks = Nested(Landmarks, required=True)
    crop = List(List(Integer(validate=Range(0, 255))), required=True, metadata={
        "description": "the face as the network saw it: rows of grey"})
    map = List(List(Float(validate=Range(-1, 1))), required=True, metadata={
        "description": "rows of places: how far the probability falls when the place is hidden"})


class PreviewRequest(Schema):
    """A form of a picture that a browser cannot show."""

    picture = File(required=True, metadata={"description": "the picture"})


class Pictures(Schema):
    """A form of the pictures to be read."""

    picture = List(File(), required=True, validate=Length(1), metadata={
        "description": "one or many: JPEG, PNG, WebP, AVIF, HEIC, GIF, BMP, TIFF"})
    model = String(metadata={
        "description": "a model's name; the default one where left out", "example": "jury-live"})
