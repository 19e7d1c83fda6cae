// Passkeys: the browser's API takes and gives bytes, ours base64url.
import type { PasskeyAnswer, PasskeyAsk, PasskeyNew } from '../api/types';

/** Does this browser know them here? Only under TLS or on this machine. */
export const knowsPasskeys = (): boolean => isSecureContext && 'PublicKeyCredential' in window;
/** The person has closed the browser's dialog, or taken too long: nothing to be told. */
export const isRefusal = (e: unknown): boolean => e instanceof DOMException && (e.name === 'NotAllowedError' || e.name === 'AbortError');

function bytes(s: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(s.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
}
function text(b: ArrayBuffer): string {
  const s = Array.from(new Uint8Array(b), (c) => String.fromCharCode(c)).join('');
  return btoa(s).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}
const known = (ids: string[]) => ids.map((id): PublicKeyCredentialDescriptor => ({ type: 'public-key', id: bytes(id) }));

/** A new one, kept on the device or key where it can be. */
export async function makePasskey(o: PasskeyNew): Promise<PasskeyAnswer> {
  const made = await navigator.credentials.create({
    publicKey: {
      challenge: bytes(o.challenge),
      rp: { id: o.rp, name: o.firm || 'Kontor' },
      user: { id: new TextEncoder().encode(o.user), name: o.mail, displayName: o.name },
      pubKeyCredParams: o.algs.map((alg) => ({ type: 'public-key', alg })),
      excludeCredentials: known(o.known),
      authenticatorSelection: { residentKey: 'preferred', userVerification: 'preferred' },
      attestation: 'none',
    },
  });
  if (!(made instanceof PublicKeyCredential) || !(made.response instanceof AuthenticatorAttestationResponse)) throw new Error('no passkey');
  return { id: made.id, client: text(made.response.clientDataJSON), data: text(made.response.getAuthenticatorData()) };
}

export async function usePasskey(o: PasskeyAsk): Promise<PasskeyAnswer> {
  const got = await navigator.credentials.get({
    publicKey: { challenge: bytes(o.challenge), rpId: o.rp, allowCredentials: known(o.known), userVerification: o.second ? 'preferred' : 'required' },
  });
  if (!(got instanceof PublicKeyCredential) || !(got.response instanceof AuthenticatorAssertionResponse)) throw new Error('no passkey');
  const r = got.response;
  return { id: got.id, client: text(r.clientDataJSON), data: text(r.authenticatorData), signature: text(r.signature) };
}
