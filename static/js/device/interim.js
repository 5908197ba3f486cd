// The interim network: a small one that answers until the requested one is downloaded.

/** @typedef {import("./reader.js").OfferedModel} OfferedModel */

const MAX_SHARE = 0.25; // of the requested network's bytes; a larger one would save too little

/** @param {OfferedModel} model */
const bytesOf = ({ files }) => Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0);

/**
 * The smallest network that answers the same question as `requested`, if it is small enough. Pure.
 * @param {OfferedModel[]} models  @param {OfferedModel} requested  @returns {OfferedModel | null}
 */
export function interimFor(models, requested) {
  const alike = models.filter(({ card }) => card.label_set === requested.card.label_set && card.raters === requested.card.raters);
  const [smallest] = alike.sort((one, other) => bytesOf(one) - bytesOf(other));
  return smallest && bytesOf(smallest) <= MAX_SHARE * bytesOf(requested) ? smallest : null;
}
