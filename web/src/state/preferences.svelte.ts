/** Language and theme: the browser's until somebody chooses. */

export type Language = 'en' | 'zh';
export type Theme = 'system' | 'light' | 'dark';

function stored(name: string): string | null {
  try {
    return localStorage.getItem(`patchbay.${name}`);
  } catch {
    return null;
  }
}

function store(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`patchbay.${name}`);
    else localStorage.setItem(`patchbay.${name}`, value);
  } catch {
    // Private windows may refuse; the choice then lasts as long as the page.
  }
}

function browserLanguage(): Language {
  return navigator.languages.find((tag) => /^(zh|en)\b/i.test(tag))?.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

class Preferences {
  language = $state<Language>(stored('language') === 'zh' ? 'zh' : stored('language') === 'en' ? 'en' : browserLanguage());
  theme = $state<Theme>(stored('theme') === 'dark' ? 'dark' : stored('theme') === 'light' ? 'light' : 'system');
  #system = matchMedia('(prefers-color-scheme: dark)');
  #systemIsDark = $state(this.#system.matches);

  constructor() {
    this.#system.addEventListener('change', (event) => (this.#systemIsDark = event.matches));
  }

  get isDark(): boolean {
    return this.theme === 'dark' || (this.theme === 'system' && this.#systemIsDark);
  }

  choose(language: Language): void {
    this.language = language;
    store('language', language);
  }

  toggleTheme(): void {
    this.theme = this.isDark ? 'light' : 'dark';
    if (this.isDark === this.#systemIsDark) {
      this.theme = 'system';
      store('theme', null);
    } else {
      store('theme', this.theme);
    }
  }

  /** Writes both to the document, which styles and assistive technology read. */
  apply(): void {
    const root = document.documentElement;
    root.lang = this.language === 'zh' ? 'zh-Hans' : 'en';
    if (this.theme === 'system') delete root.dataset.theme;
    else root.dataset.theme = this.theme;
  }
}

export const preferences = new Preferences();
