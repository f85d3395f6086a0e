// What the stage is told: the steps of the last sign-in and the taps of the session,
// whole, whenever there is something new.

/**
 * @template T
 * @param {string} path
 * @param {(state: T, answer: (text: string) => void) => void} show
 */
export function follow(path, show) {
  const url = new URL(path, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  const connect = () => {
    const socket = new WebSocket(url);
    socket.onmessage = ({ data }) => show(JSON.parse(data), (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    });
    socket.onclose = () => setTimeout(connect, 500);
  };
  connect();
}
