/** What a section says in place of its figure. The message is for the user, in the page's language. */
export class Problem extends Error {}
