// The keys of a phone of one's own, and what they sign: for its page and for its
// worker, which is no module, so neither is this.
//
// Two keys: the device key lies in IndexedDB, which nothing can read out. Of the
// passkey, which the system keeps, only its name lies there.

const phoneKeys = (() => {
  const DATABASE = "nod-phone";

  /** @param {ArrayBuffer | Uint8Array} bytes */
  const base64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));

  /**
   * digest is SHA-256 over texts, each with its length in bytes before it
   * (phone/signed.go).
   *
   * @param {string[]} texts
   */
  async function digest(...texts) {
    const encoder = new TextEncoder();
    let all = "";
    for (const text of texts) all += `${encoder.encode(text).length}:${text},`;
    return crypto.subtle.digest("SHA-256", encoder.encode(all));
  }

  /** @returns {Promise<IDBDatabase>} */
  function database() {
    return new Promise((resolve, reject) => {
      const opening = indexedDB.open(DATABASE, 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore("keys");
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => reject(opening.error);
    });
  }

  /**
   * inStore does something with the one store and resolves once it is kept.
   *
   * @template T
   * @param {IDBTransactionMode} mode
   * @param {(store: IDBObjectStore) => IDBRequest<T>} act
   * @returns {Promise<T>}
   */
  async function inStore(mode, act) {
    const db = await database();
    try {
      return await new Promise((resolve, reject) => {
        const work = db.transaction("keys", mode);
        const request = act(work.objectStore("keys"));
        work.oncomplete = () => resolve(request.result);
        work.onabort = work.onerror = () => reject(work.error);
      });
    } finally {
      db.close();
    }
  }

  /**
   * messageOf is what an answer signs: what is shown, in this order (phone/signed.go).
   *
   * @param {string} origin
   * @param {AskedOfPhone} asked
   * @param {string} decision
   * @param {string} number
   */
  function messageOf(origin, { id, server_nonce: nonce, shown: s }, decision, number) {
    return digest("nod answer 1", origin, id, decision, nonce, number, s.kind, s.email, s.browser, s.address, s.place,
      s.resets, s.change, s.payee, s.amount, s.currency, s.asked, s.expires);
  }

  return {
    base64, digest, messageOf,
    /** @returns {Promise<KeysOfPhone | undefined>} */
    read: () => inStore("readonly", (store) => store.get("phone")),
    /** @param {KeysOfPhone} keys */
    keep: (keys) => inStore("readwrite", (store) => store.put(keys, "phone")),
    forget: () => inStore("readwrite", (store) => store.delete("phone")),
    /**
     * sign signs by the device key.
     *
     * @param {CryptoKeyPair} pair
     * @param {ArrayBuffer} what
     */
    async sign({ privateKey }, what) {
      return base64(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, what));
    },
    /**
     * renewalOf is what renews the cookie of a phone.
     *
     * @param {string} origin
     * @param {string} challenge
     */
    renewalOf: (origin, challenge) => digest("nod renewal 1", origin, challenge),
  };
})();

Object.assign(globalThis, { phoneKeys });
