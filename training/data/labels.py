"""The label sets, their labels in the order of the data files, and who gave the labels.

One vocabulary for both sets, FER+'s: FER2013 says *angry, happy, sad* where we say
*anger, happiness, sadness*.
"""

FER2013 = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
FERPLUS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")

LABEL_SETS = {"fer2013": FER2013, "ferplus": FERPLUS}

#: Label sets in which every picture was judged by ten raters; only these have votes.
JUDGED_BY_TEN = frozenset({"ferplus"})
