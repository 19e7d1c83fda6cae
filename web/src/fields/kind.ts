// What a field kind is to the app: how it is shown, typed, told in one line, and asked for in a filter.
import type { Component } from 'svelte';
import type { Field, Rec, Value } from '../api/types';

export interface ViewProps { field: Field; value: Value; compact?: boolean; /** of a time stamp: only its day counts */ day?: boolean }
export interface InputProps {
  field: Field; id: string; value: Value; onchange: (v: Value) => void; invalid?: boolean; describedby?: string | undefined; label?: string | undefined;
}
export interface FieldKind {
  View: Component<ViewProps>;
  /** null: only the server writes it */
  Input: Component<InputProps> | null;
  /** its input is done with one act (a file is chosen): what comes out of it is saved at once */
  now?: boolean;
  /** the value in one line; '' when there is none */
  plain: (value: Value, field: Field) => string;
  filter: 'text' | 'number' | 'duration' | 'date' | 'choice' | 'bool' | 'link' | 'none';
  /** a grid track for lists */
  width: string;
  end?: boolean;
}

/** Does the day alone count of this record's time stamp? */
export const isDayOnly = (f: Field, r: Rec): boolean => f.name === 'at' && !!r['all_day'];
export const isEmpty = (v: Value): boolean => v === null || v === undefined || v === '' || (Array.isArray(v) && v.length === 0);
export const asList = <T>(v: Value): T[] => (Array.isArray(v) ? (v as T[]) : []);
export const asText = (v: Value): string => (typeof v === 'string' ? v : typeof v === 'number' ? String(v) : '');
