// A call that comes in: it rings until it is answered or hung up. A browser
// speaks only after a tap, and Answer is one; the words stand there as text
// as well.

const byId = (id) => document.getElementById(id);

// Call shows state.call. hangUp tells the simulator.
export class Call {
  #call = null;

  constructor(hangUp) {
    byId("call-answer").addEventListener("click", () => this.#answer());
    byId("call-again").addEventListener("click", () => this.#speak());
    byId("call-hangup").addEventListener("click", () => {
      this.show(null);
      hangUp();
    });
    addEventListener("pagehide", () => globalThis.speechSynthesis?.cancel());
  }

  show(call) {
    if (call?.at === this.#call?.at) return;
    this.#call = call;
    globalThis.speechSynthesis?.cancel();
    byId("call").hidden = !call;
    byId("call").classList.remove("answered");
    byId("call-code").hidden = byId("call-again").hidden = true;
    byId("call-answer").hidden = false;
    if (!call) return;
    byId("call-title").textContent = `${document.body.dataset.appName} is calling`;
    byId("call-text").textContent = "A voice will read a code to you.";
    byId("call-answer").focus();
  }

  #answer() {
    byId("call").classList.add("answered");
    byId("call-title").textContent = document.body.dataset.appName;
    byId("call-text").textContent = this.#call.text;
    byId("call-code").textContent = this.#call.code;
    byId("call-code").hidden = byId("call-again").hidden = false;
    byId("call-answer").hidden = true;
    byId("call-again").focus();
    this.#speak();
  }

  #speak() {
    const voice = globalThis.speechSynthesis;
    if (!voice || !this.#call) return;
    voice.cancel();
    const words = new SpeechSynthesisUtterance(this.#call.text);
    words.lang = "en";
    words.rate = 0.9;
    voice.speak(words);
  }
}
