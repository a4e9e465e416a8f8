/**
 * Elements made by hand. Texts become text nodes; nothing is ever parsed as HTML.
 */

/**
 * What an element is made with: attributes, and `on…` listeners. `false`, null and undefined leave an attribute out.
 * @typedef {Record<string, string | number | boolean | null | undefined | ((event: any) => void)>} Props
 * @typedef {Node | string | null | undefined | false} Child
 */

/**
 * Makes an element.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Props} [props]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === 'function') {
      element.addEventListener(name.replace(/^on/, ''), value);
    } else {
      setAttribute(element, name, value);
    }
  }
  element.append(...kept(children));
  return element;
}

/**
 * Puts other children into an element.
 * @param {Element} element
 * @param {...Child} children
 */
export function fill(element, ...children) {
  element.replaceChildren(...kept(children));
}

/**
 * Sets an attribute, or takes it away; nothing happens when it is so already.
 * @param {Element} element
 * @param {string} name
 * @param {string | number | boolean | null | undefined} value
 */
export function setAttribute(element, name, value) {
  if (value === false || value === null || value === undefined) {
    element.removeAttribute(name);
    return;
  }
  const text = value === true ? '' : String(value);
  if (element.getAttribute(name) !== text) {
    element.setAttribute(name, text);
  }
}

/** @param {Element} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

/**
 * A button with a picture only, named for readers of the screen and by its tooltip.
 * @param {keyof typeof ICONS} icon
 * @param {string} label
 * @param {() => void} onclick
 * @param {Props} [props]
 */
export function iconButton(icon, label, onclick, props = {}) {
  return h('button', { type: 'button', class: 'icon-button', 'aria-label': label, title: label, onclick, ...props }, drawIcon(icon));
}

/**
 * A picture of lines, 24 by 24.
 * @param {keyof typeof ICONS} name
 * @returns {SVGSVGElement}
 */
export function drawIcon(name) {
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  setAttribute(svg, 'viewBox', '0 0 24 24');
  setAttribute(svg, 'class', 'icon');
  setAttribute(svg, 'aria-hidden', 'true');
  const path = document.createElementNS(space, 'path');
  setAttribute(path, 'd', ICONS[name]);
  svg.append(path);
  return svg;
}

/** Paths of the pictures. */
const ICONS = {
  menu: 'M4 7h16M4 12h16M4 17h16',
  people: 'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7M2.5 20c0-3.6 2.9-6 6.5-6s6.5 2.4 6.5 6M16 4.3a3.5 3.5 0 0 1 0 6.4M17.5 14.4c2.4.7 4 2.800 4 5.600',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14M16 16l5 5',
  plus: 'M12 5v14M5 12h14',
  send: 'M4 12l16-8-6 16-3-7zM11 13l9-9',
  close: 'M6 6l12 12M18 6L6 18',
  reply: 'M9 6L4 11l5 5M4 11h9c4 0 7 2 7 7',
  smile: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M8.500 14.500c1 1.300 2.200 2 3.500 2s2.500-.7 3.500-2M9 9.500v.500M15 9.500v.500',
  trash: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10.500 11v5M13.500 11v5',
  edit: 'M4 20l1-4L16 5l3 3L8 19zM14 7l3 3',
  leave: 'M14 5h5v14h-5M4 12h11M11 8l4 4-4 4',
  signal: 'M12 20v-6M12 11a1.500 1.500 0 1 0 0-.010M8 14.500a5.500 5.500 0 1 1 8 0M5 17a9.500 9.500 0 1 1 14 0',
  bell: 'M6 16c1.500-1.500 1.500-3 1.500-6a4.500 4.500 0 0 1 9 0c0 3 0 4.500 1.500 6zM10.500 19h3',
  down: 'M12 5v14M6 13l6 6 6-6',
};

/** @param {Child[]} children @returns {(Node | string)[]} */
function kept(children) {
  /** @type {(Node | string)[]} */
  const list = [];
  for (const child of children) {
    if (child instanceof Node || (typeof child === 'string' && child !== '')) {
      list.push(child);
    }
  }
  return list;
}
