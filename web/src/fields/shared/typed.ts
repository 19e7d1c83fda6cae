// Typed lines (phones, mails, addresses) in one line of text.
import { tryText } from '../../lib/i18n.svelte';

export const typeName = (type: string): string => tryText('type.' + type) ?? type;
