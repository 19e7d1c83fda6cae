import type { Kind } from '../../api/types';

/** The kinds an administrator may choose for a new field, simple ones first. */
export const kinds: Kind[] = [
  'text', 'longtext', 'int', 'decimal', 'money', 'percent', 'date', 'timestamp', 'bool', 'choice', 'choices', 'link', 'links', 'url', 'phones', 'mails', 'rating', 'user',
];
