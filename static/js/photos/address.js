// The view in the address, and back: what differs from the default is written, what is wrong is left out. Pure.

import { DEFAULT_VIEW, SORTS } from "./filter.js";

/** @typedef {import("./filter.js").View} View */

const SHOW = /^[a-z]{1,20}$/;

/** @param {string} query  such as "?show=happiness&votes=7"  @returns {View} */
export function fromAddress(query) {
  const given = new URLSearchParams(query);
  const votes = Number(given.get("votes"));
  const sort = given.get("sort") ?? "";
  return {
    show: SHOW.test(given.get("show") ?? "") ? /** @type {string} */ (given.get("show")) : DEFAULT_VIEW.show,
    votes: Number.isInteger(votes) && votes >= 0 && votes <= 10 ? votes : 0,
    search: (given.get("search") ?? "").slice(0, 200),
    sort: /** @type {View["sort"]} */ (SORTS.find((name) => name === sort) ?? DEFAULT_VIEW.sort),
    descending: given.get("order") === "descending",
    photo: given.get("photo") ?? "",
  };
}

const OURS = ["show", "votes", "search", "sort", "order", "photo"];

/** @param {View} view  @param {string} [before]  the query as it stands: what others put there stays  @returns {string} "" for the default view, else "?…" */
export function toAddress(view, before = "") {
  const query = new URLSearchParams(before);
  for (const name of OURS) query.delete(name);
  if (view.show !== DEFAULT_VIEW.show) query.set("show", view.show);
  if (view.votes) query.set("votes", String(view.votes));
  if (view.search) query.set("search", view.search);
  if (view.sort !== DEFAULT_VIEW.sort) query.set("sort", view.sort);
  if (view.descending) query.set("order", "descending");
  if (view.photo) query.set("photo", view.photo);
  return query.size ? `?${query}` : "";
}
