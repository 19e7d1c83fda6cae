// What the forms of own fields and entities share: one save at a time, and the server's refusal at its field.
import { Problem } from '../../api/client';
import { problemText, sayProblem } from '../../lib/say';

export type Words = Record<string, string>;
/** A section of a form: its name, or those of a new one. */
export type Place = string | { label: Words };
/** The texts that say something. */
export const filled = (w: Words): Words => Object.fromEntries(Object.entries(w).flatMap(([k, v]) => (v.trim() ? [[k, v.trim()]] : [])));

/** Refused before it is sent, at a field. */
export class Refusal extends Error {
  constructor(readonly field: string, text: string) {
    super(text);
  }
}

export class Form {
  busy = $state(false);
  error = $state.raw<{ field: string; text: string } | null>(null);

  /** shown: the fields whose refusals have a place of their own; a refusal elsewhere stands at the end of the form. */
  constructor(private readonly shown: () => string[]) {}

  private at = (name: string) => this.error?.field === name || !!this.error?.field.startsWith(name + '.');
  wrong = (...names: string[]): string => (names.some(this.at) ? (this.error?.text ?? '') : '');
  /** Where it was refused: a name, or a place in a formula. */
  place = (): string => this.error?.field ?? '';
  rest = (): string => (this.error && !this.shown().some(this.at) ? this.error.text : '');

  /** True when it went through. */
  async run(save: () => Promise<unknown>): Promise<boolean> {
    this.busy = true;
    this.error = null;
    try {
      await save();
      return true;
    } catch (e) {
      if (e instanceof Refusal) this.error = { field: e.field, text: e.message };
      else if (e instanceof Problem && e.field) this.error = { field: e.field, text: problemText(e) };
      else sayProblem(e);
      return false;
    } finally {
      this.busy = false;
    }
  }
}
