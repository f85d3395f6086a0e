// What static/phonekeys.js gives to the page of a phone and to its worker.

/** finish adds the phone, until the server has said that it did. */
interface KeysOfPhone { pair: CryptoKeyPair; credential: ArrayBuffer; finish?: FinishOfPhone }

interface FinishOfPhone { code: string; name: string; device_key: string; passkey: string; signature: string }

interface ShownOnPhone {
  kind: string; email: string; browser: string; address: string; place: string; resets: string; change: string;
  payee: string; amount: string; currency: string; asked: string; expires: string;
}

interface AskedOfPhone {
  id: string; status: string; reason: string; server_nonce: string; shown: ShownOnPhone; expires_at: string;
  tries_left: number; phone: string; mine: boolean; why: string; here: boolean;
}

interface StateOfPhone { status: string; name?: string; challenge?: string; origin: string }

declare const phoneKeys: {
  base64(bytes: ArrayBuffer | Uint8Array): string;
  digest(...texts: string[]): Promise<ArrayBuffer>;
  messageOf(origin: string, asked: AskedOfPhone, decision: string, number: string): Promise<ArrayBuffer>;
  renewalOf(origin: string, challenge: string): Promise<ArrayBuffer>;
  read(): Promise<KeysOfPhone | undefined>;
  keep(keys: KeysOfPhone): Promise<unknown>;
  forget(): Promise<unknown>;
  sign(pair: CryptoKeyPair, what: ArrayBuffer): Promise<string>;
};
