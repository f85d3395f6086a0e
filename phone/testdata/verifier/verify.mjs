// Verifies a receipt from the standard input by @simplewebauthn/server, and prints
// whether it holds. What was signed is put together here once more.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { verifyAuthenticationResponse } from "@simplewebauthn/server";

const { message: m, key, approval } = JSON.parse(readFileSync(0, "utf8"));
const { shown: s } = m;
const fields = ["nod answer 1", m.origin, m.request, m.decision, m.nonce, m.number, s.kind, s.email, s.browser, s.address, s.place,
  s.resets, s.change, s.payee, s.amount, s.currency, s.asked, s.expires];
const text = fields.map((field) => `${Buffer.byteLength(field)}:${field},`).join("");
const { verified } = await verifyAuthenticationResponse({
  response: approval,
  expectedChallenge: createHash("sha256").update(text).digest("base64url"),
  expectedOrigin: m.origin,
  expectedRPID: new URL(m.origin).hostname,
  credential: { id: approval.id, publicKey: Buffer.from(key, "base64"), counter: 0 },
  requireUserVerification: true,
}).catch(() => ({ verified: false }));
console.log(verified ? "verified" : "refused");
