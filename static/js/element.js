/** The page's element of that id. */
export const byId = (id) => document.getElementById(id);

/**
 * A new element. Texts become text, never markup: names come from files of strangers.
 *
 * @param {string} name of the element
 * @param {Record<string, unknown>} properties of the DOM object; `class`, `aria-…` and `data-…` as attributes
 * @param {...(Node | string)} children
 */
export function element(name, properties = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (/^(class|aria-|data-)/.test(key)) node.setAttribute(key, value);
    else node[key] = value;
  }
  node.append(...children);
  return node;
}
