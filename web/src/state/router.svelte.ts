/** Which page is shown: the path after /console/, as segments. */

export const pages = ['playground', 'adapters', 'releases', 'traffic', 'audit'] as const;
export type Page = (typeof pages)[number];

const base = import.meta.env.BASE_URL;

function read(): { page: Page | null; item: string | null; search: URLSearchParams } {
  const path = location.pathname.startsWith(base) ? location.pathname.slice(base.length) : '';
  const [page, item] = path.split('/');
  return {
    page: pages.find((known) => known === page) ?? null,
    item: item ? decode(item) : null,
    search: new URLSearchParams(location.search),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

class Router {
  #current = $state.raw(read());

  constructor() {
    addEventListener('popstate', () => (this.#current = read()));
  }

  get page(): Page | null {
    return this.#current.page;
  }

  get item(): string | null {
    return this.#current.item;
  }

  get search(): URLSearchParams {
    return this.#current.search;
  }

  go(target: string, replace = false): void {
    if (location.pathname + location.search === target) return;
    history[replace ? 'replaceState' : 'pushState'](null, '', target);
    this.#current = read();
  }
}

export const router = new Router();

export function pathOf(page: Page, item?: string | null, search?: string): string {
  return `${base}${page}${item ? `/${encodeURIComponent(item)}` : ''}${search ? `?${search}` : ''}`;
}

/** For links: a plain click moves within the console, anything else is the browser's. */
export function follow(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.currentTarget as HTMLElement).closest('a');
  if (!link) return;
  event.preventDefault();
  router.go(link.pathname + link.search);
}
