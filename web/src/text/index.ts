import { preferences } from '../state/preferences.svelte';
import { en } from './en';
import { zh } from './zh';

/** Every word of the console; a language that lacks one does not compile. */
export type Dictionary = typeof en;

const dictionaries: Record<typeof preferences.language, Dictionary> = { en, zh };

/** The words in the chosen language; read it inside markup, so that a change of language redraws. */
export const text = (): Dictionary => dictionaries[preferences.language];
