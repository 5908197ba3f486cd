"""The site in several languages: catalogues, the choice of the language, numbers, and names of expressions."""
