// What a passkey signs, as the server reads it.

/** @param {ArrayBuffer | Uint8Array} bytes */
export const base64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));

/** @param {ArrayBuffer | Uint8Array} bytes */
export const base64url = (bytes) => base64(bytes).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

/**
 * assertion has a passkey sign a challenge, its user verified, and returns an
 * AuthenticationResponseJSON; null where the person or the browser refuses.
 *
 * @param {BufferSource} challenge
 * @param {CredentialRequestOptions} options beside the challenge and the site
 * @param {PublicKeyCredentialDescriptor[]} allowCredentials none: any of this site
 */
export async function assertion(challenge, options = {}, allowCredentials = []) {
  try {
    const got = /** @type {PublicKeyCredential | null} */ (await navigator.credentials.get({
      ...options, publicKey: { challenge, rpId: location.hostname, allowCredentials, userVerification: "required" },
    }));
    if (!got) return null;
    const response = /** @type {AuthenticatorAssertionResponse} */ (got.response);
    return {
      id: got.id, rawId: base64url(got.rawId), type: got.type, clientExtensionResults: {},
      response: {
        clientDataJSON: base64url(response.clientDataJSON), authenticatorData: base64url(response.authenticatorData),
        signature: base64url(response.signature), userHandle: response.userHandle ? base64url(response.userHandle) : undefined,
      },
    };
  } catch {
    return null;
  }
}
