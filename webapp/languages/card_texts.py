"""The sentences of model cards: of their rules, and of the prose that training/export/model_card.py writes."""

from .catalogues import N_

TEXTS = (
    # Titles, rules and origins
    N_("Live: ten votes on eight expressions"),
    N_("Pocket: ten votes on eight expressions"),
    N_("Strong: ten votes on eight expressions"),
    N_("Wide: ten votes on eight expressions"),
    N_("Ensemble: FER2013's seven expressions"),
    N_("Live: FER2013's seven expressions"),
    N_("Pocket: FER2013's seven expressions"),
    N_("Strong: FER2013's seven expressions"),
    N_("Wide: FER2013's seven expressions"),
    N_("all rows"),
    N_("rows with a majority"),
    N_("unsure if the largest probability is below the threshold, the lowest at which at most %(percent)s % of the "
       "confident predictions are wrong"),
    N_("unsure where the largest probability is below the threshold, the lowest at which at most %(percent)s % of "
       "the answers given are wrong"),
    N_("the raters' plurality label, on every face with a vote for an expression"),
    N_("the raters' first choice, all faces"),
    N_("the one label of FER2013"),
    N_("FER2013's label"),
    N_("the bundle %(name)s of this project"),
    N_("minus %(strength)s (log prior - mean log prior) for the labels with a prior of at least %(least)s; the "
       "largest strength in steps of %(step)s that costs at most %(cost)s % of the agreement with the raters' "
       "plurality label"),
    N_("that of the votes of FER+'s raters for FER2013's training images"),
    N_("the same with the frequencies of %(labels)s made equal by %(strength)s, where 1 is equal; those of the "
       "other labels stay"),

    # Model details
    N_("%(name)s %(version)s is a convolutional network with %(parameters)s parameters and %(operations)s million "
       "multiply-adds per face."),
    N_("%(name)s %(version)s is a convolutional network with %(parameters)s parameters and %(operations)s million "
       "multiply-adds per face, trained from scratch."),
    N_("Its input is a gray face of %(size)s pixels, 0-255, aligned so that the eyes, nose and mouth are at the "
       "positions in the card's crop."),
    N_("Its output is one logit for each of %(labels)s."),
    N_("It is an ensemble of %(count)s networks; their log-probabilities are averaged."),
    N_("The output is averaged over the image and its mirror image."),
    N_("Recipe %(recipe)s, seed %(seed)s, %(epochs)s epochs"),
    N_("Recipe %(recipe)s, seed %(seed)s, %(epochs)s epochs, initialized with the weights of %(origin)s (license "
       "%(license)s)"),
    N_("Recipe %(recipe)s, seed %(seed)s, %(epochs)s epochs, initialized with the weights of %(origin)s (license "
       "%(license)s), then interpolated: %(own)s times its weights plus %(other)s times those of %(with)s (Wortsman "
       "et al. 2022)"),
    N_("The weights are an exponential moving average over the training steps."),
    N_("Command: %(command)s."),
    N_("The probabilities are softmax(logits / %(temperature)s); the temperature was chosen on %(split)s."),
    N_("License of code and weights: %(license)s."),

    # Intended use
    N_("The network predicts how ten raters would vote on the expression of a face."),
    N_("The network predicts which of FER2013's seven labels the expression of a face would get."),
    N_("It is intended for live demonstrations, sorting one's own photos, teaching, and research on expression "
       "recognition and its limits."),
    N_("It must not be used for decisions about people: hiring, education, policing, border control, insurance, "
       "health, or tests of attention or honesty."),
    N_("It must not be used to monitor people who have not consented."),
    N_("An expression is not a feeling: a face reveals little about what a person feels, and the network was not "
       "trained on what people feel."),

    # Factors
    N_("Predictions depend on the size, sharpness and lighting of the face, on pose (faces turned or tilted far are "
       "detected and classified less reliably), on occlusion (glasses, masks, hands, beards), and on how much an "
       "image differs from the training images, which are mostly posed or striking faces from a web image search."),
    N_("The age, gender, skin color and origin of the people in the training images are not recorded."),
    N_("How the figures differ between groups of people is therefore unknown, and nothing here shows that they are "
       "equal."),
    N_("The agreement of the raters has the largest effect: see the figures by entropy of the votes."),
    N_("Rare labels have the lowest recall."),
    N_("Rare labels have the lowest recall: on %(split)s, %(recall)s % for %(label)s (%(faces)s faces) and "
       "%(recall_2)s % for %(label_2)s (%(faces_2)s faces)."),

    # Metrics
    N_("Agreement with the majority is the fraction of faces for which the network predicts the majority label."),
    N_("It counts only faces on which more than half of the votes other than 'not a face' are for one expression."),
    N_("Agreement with the plurality is the same for the raters' plurality label, on every face with a vote for an "
       "expression."),
    N_("Soft cross-entropy is the mean cross-entropy of the raters' votes, in nats; the entropy of the votes is its "
       "minimum."),
    N_("The expected calibration error uses %(bins)s bins and compares the largest probability with the fraction of "
       "raters who chose that expression."),
    N_("The expected calibration error uses %(bins)s bins and compares the largest probability with the accuracy."),
    N_("The equivalent jury is the number of raters whose averaged votes predict the other raters' votes as well as "
       "the network does."),
    N_("The figures of one rater give how often one human agrees with the other raters of the same face."),
    N_("Accuracy is the fraction of faces for which the network predicts FER2013's label."),
    N_("Precision, recall and F1 are given for each label."),
    N_("Intervals are 95 % bootstrap intervals over faces."),
    N_("All figures are of a single forward pass, as served; flip averaging is reported separately."),
    N_("The network is unsure about a face if the largest probability is below %(threshold)s."),
    N_("This threshold was chosen on %(split)s."),
    N_("There the network is unsure about %(share)s % of the faces, and %(rate)s % of its other predictions differ "
       "from the raters' plurality label."),
    N_("There the network is unsure about %(share)s % of the faces, and %(rate)s % of its other predictions differ "
       "from FER2013's label."),
    N_("This rate is promised for images like FER2013's, against the plurality label of ten raters."),
    N_("On other photos more of these predictions differ from the photo's label: for %(model)s on news photos twice "
       "as many, about a third of them because the label is wrong (docs/outside.md)."),
    N_("This rate is that of FER2013's images and labels; on other photos it must be measured again."),
    N_("The votes have a prior: %(prior)s."),
    N_("The balanced prediction is not votes."),
    N_("Its prior is %(prior)s."),
    N_("It is for photos where frequent expressions are rarer than there."),
    N_("Its log-probabilities are those of the votes plus the card's offsets: %(rule)s, chosen on %(split)s."),
    N_("There %(balanced)s % of its predictions agree with the plurality, of the votes' %(votes)s %; the mean "
       "recall of the labels is %(recall)s % and %(recall_of_votes)s %."),
    N_("The second output is a distance."),
    N_("A face is unlike the training data if the distance of the features, scaled to length 1, to the nearest of "
       "%(count)s prototypes (k-means of %(faces)s training faces) is above the threshold, which %(percent)s % of "
       "the faces are (%(threshold)s, chosen on %(split)s)."),
    N_("The sign marks images without a face and strong blur, not drawings (docs/outside.md)."),

    # Evaluation and training data
    N_("FER2013's PublicTest and PrivateTest, 3,589 rows each (Goodfellow et al. 2013)."),
    N_("The votes are those of FER+ (Barsoum et al. 2016): ten raters per image."),
    N_("Rows without a vote for an expression are left out."),
    N_("All choices were made on PublicTest; PrivateTest was evaluated once per published version."),
    N_("About a tenth of the images of each split have an exact or near-duplicate in Training (correlation above "
       ".95)."),
    N_("The figures without near-duplicates are the better estimate for new images."),
    N_("FER2013's Training split, %(rows)s rows of 48x48 gray pixels (md5 of the csv: %(md5)s)."),
    N_("This head was trained on the fractions of the ten raters' votes for the eight expressions, as soft labels."),
    N_("Each face is weighted by the number of its votes for an expression."),
    N_("This head was trained on FER2013's labels."),
    N_("This head was trained on FER2013's labels, with label smoothing."),
    N_("The trunk was trained on FER2013's labels and FER+'s votes jointly."),
    N_("%(recipe)s was distilled from %(teachers)s: its targets are %(share)s times the teachers' mean "
       "probabilities for the image without augmentation plus %(rest)s times the labels."),
    N_("%(recipe)s was distilled from %(teachers)s: its targets are %(share)s times the teachers' mean "
       "probabilities for the same image plus %(rest)s times the labels."),
    N_("The images come from a web image search for emotion words."),
    N_("They are licensed for research only and are not part of this project."),
    N_("Some show no face, some are drawings, and many are posed."),
    N_("The two label sets agree on 63 % of the faces, so the labels are noisy."),

    # Quantitative analyses; the figures are clauses of their own
    N_("accuracy %(value)s % (%(low)s to %(high)s; %(faces)s faces)"),
    N_("agreement with the majority %(value)s % (%(low)s to %(high)s; %(faces)s faces), with the plurality "
       "%(plurality)s % (%(plurality_low)s to %(plurality_high)s; %(plurality_faces)s faces), soft cross-entropy "
       "%(cross_entropy)s nats (entropy of the votes %(entropy)s)"),
    N_("%(split)s, %(faces)s faces: %(figures)s."),
    N_("Without the %(count)s faces with a near-duplicate in Training: %(figures)s."),
    N_("Expected calibration error: %(error)s."),
    N_("One human rater: agreement with the majority %(majority)s %, with the plurality %(plurality)s %."),
    N_("Equivalent jury: %(raters)s raters (95 % interval %(low)s to %(high)s)."),
    N_("Equivalent jury: %(raters)s raters or more (95 % interval %(low)s to %(high)s)."),
    N_("With flip averaging: %(figures)s."),
    N_("Through the site's face detector and crop, %(split)s: the detector finds %(found)s % of the faces; on "
       "those: %(figures)s."),
    N_("This version was not evaluated on PrivateTest: it is not a published version."),

    # Ethical considerations and caveats
    N_("Expression recognition affects people who did not ask for it."),
    N_("The people in the training images never gave consent; none of the images is published here."),
    N_("Systems that claim to read feelings from faces have caused harm, and science does not support the claim "
       "(Barrett et al. 2019, 'Emotional Expressions Reconsidered'): people scowl without anger and smile without "
       "joy, and expressions differ between cultures."),
    N_("The output is therefore presented as votes on an expression, with its uncertainty, never as a person's "
       "feeling."),
    N_("FER+'s raters are few, paid, and of unknown background, and their biases are in the votes."),
    N_("Laws may prohibit this use in workplaces and education (European Union, Regulation 2024/1689, article 5)."),
    N_("Contempt, disgust and fear received few votes, and the network rarely predicts them."),
    N_("FER2013 has no label for contempt, and its single labels are often disputed: the raters' plurality label "
       "differs for a third of the faces."),
    N_("Real photos differ from FER2013's images: test the network on your own images before relying on a figure in "
       "this card."),
    N_("Show the whole distribution rather than the top label alone, and show when the network is unsure."),
    N_("Smooth over time in videos."),
    N_("The network does not work for faces below about 30 pixels, in profile, upside down or covered."),
    N_("Evaluate it again, by group of people, before any use that affects them."),

    # Other photos
    N_("close faces from news photos and movies, labeled by students"),
)
