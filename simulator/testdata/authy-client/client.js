// Runs the npm package authy-client: it calls the API, and verifies callbacks as
// an application's server does. It reads steps as lines of JSON,
// {"call":"getUserStatus","args":[{"authyId":1}]}, and answers each with a line:
// {"result":…} or {"error":{…}}. The first line it writes is the address for
// callbacks.
import { on, once } from 'node:events';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { json } from 'node:stream/consumers';
import { Client as AuthyClient } from 'authy-client';

// By default the package gives up on a call after five seconds, which may be too
// short on a busy machine.
class Client extends AuthyClient {
  constructor(credentials, options) {
    super(credentials, { timeout: 120_000, ...options });
  }
}

let client;

const application = createServer(async (request, response) => {
  const { headers, method, url } = request;
  const outcome = await tried(async () => {
    const body = await json(request);
    return client.verifyCallback({ body, headers, method, protocol: 'http', url });
  });
  response.writeHead(outcome.error ? 403 : 200).end();
  application.emit('callback', outcome);
});
const callbacks = on(application, 'callback'); // buffers them until nextCallback

async function tried(work) {
  try {
    return { result: await work() ?? null };
  } catch (error) {
    const { body, code, errors, message } = error;
    return { error: { name: error.constructor.name, message, code, body, fields: fieldsOf(errors) } };
  }
}

// fieldsOf names the fields that the client rejects: ["body.device_uuid"].
function fieldsOf(errors, path = []) {
  if (!errors) return undefined;
  if (Array.isArray(errors) || errors.__class__) return [path.join('.')];
  return Object.entries(errors).flatMap(([name, inner]) => fieldsOf(inner, [...path, name])).sort();
}

async function execute({ call, args }) {
  switch (call) {
    case 'connect':
      return tried(() => {
        const [key, host] = args;
        client = new Client({ key: key }, { host: host });
      });
    case 'nextCallback':
      return (await callbacks.next()).value[0];
    default:
      return tried(() => client[call](...args));
  }
}

const print = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

application.listen(0, '127.0.0.1');
await once(application, 'listening');
print({ result: `http://127.0.0.1:${application.address().port}` });
for await (const line of createInterface({ input: process.stdin })) {
  print(await execute(JSON.parse(line)));
}
process.exit(); // without waiting for idle connections
