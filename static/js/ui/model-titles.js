// The titles of the models in the page's language; those of the API and of the socket are in English.

/**
 * @param {{name: string, title: string}} model
 * @returns {string} its title in the page's language; as it is, if the page is older than the model
 */
export function titleOf({ name, title }) {
  const titles = document.getElementById("model-titles")?.textContent;
  return (titles && JSON.parse(titles)[name]) || title;
}
