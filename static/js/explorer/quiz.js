// You against ten: how well answers agree with the raters' votes on the same faces.

/**
 * @typedef {Record<string, number>} Votes  votes by label
 * @typedef {{row: number, votes: Votes, answer: string | null}} Face  answer: the model's
 * @typedef {{people: number, plurality: number}} Agreement  of ten people, on average; faces answered with a plurality label
 * @typedef {{you: Agreement, model: Agreement | null, rater: Agreement, difference: number, margin: number}} Results
 */

/** @param {Votes} votes  @param {string} label  @returns {number} how many of ten people chose the label, 0 to 10 */
export function peopleFor(votes, label) {
  return (10 * (votes[label] ?? 0)) / total(votes);
}

/** @param {Votes} votes  @param {string} label  @returns {boolean} whether no label has more votes */
export function isPlurality(votes, label) {
  return (votes[label] ?? 0) === Math.max(...Object.values(votes));
}

/**
 * A rater's agreement with the other raters of the face, averaged over the raters.
 * @param {Votes} votes  @returns {number} how many of ten others agree, 0 to 10
 */
export function peopleForOneRater(votes) {
  const count = total(votes);
  return Object.values(votes).reduce((sum, own) => sum + (10 * own * (own - 1)) / (count * (count - 1)), 0);
}

/** @param {Votes} votes  @returns {number} the share of the raters whose label is a plurality label of the others, 0 to 1 */
function pluralityOfOthers(votes) {
  return Object.entries(votes).reduce((sum, [label, own]) =>
    own && isPlurality({ ...votes, [label]: own - 1 }, label) ? sum + own / total(votes) : sum, 0);
}

/**
 * @param {Face[]} faces  @param {string[]} answers  the visitor's label for each
 * @returns {Results} difference: of `you` to `model` in people, with the half-width of its 95 % interval over faces
 */
export function resultsOf(faces, answers) {
  const models = faces.map(({ answer }) => answer ?? "");
  const differences = faces.map(({ votes }, index) => peopleFor(votes, answers[index]) - peopleFor(votes, models[index]));
  const difference = mean(differences);
  const variance = differences.reduce((sum, value) => sum + (value - difference) ** 2, 0) / Math.max(1, faces.length - 1);
  return {
    you: agreement(faces, answers),
    model: models.every(Boolean) ? agreement(faces, models) : null,
    rater: {
      people: mean(faces.map(({ votes }) => peopleForOneRater(votes))),
      plurality: faces.reduce((sum, { votes }) => sum + pluralityOfOthers(votes), 0),
    },
    difference,
    margin: 1.96 * Math.sqrt(variance / faces.length),
  };
}

/** @param {Face[]} faces  @param {string[]} answers  @returns {Agreement} */
function agreement(faces, answers) {
  return {
    people: mean(faces.map(({ votes }, index) => peopleFor(votes, answers[index]))),
    plurality: faces.filter(({ votes }, index) => isPlurality(votes, answers[index])).length,
  };
}

/** @param {Votes} votes */
const total = (votes) => Object.values(votes).reduce((sum, count) => sum + count, 0);

/** @param {number[]} values */
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
