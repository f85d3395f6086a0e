// Runs the npm package authy. It reads steps as lines of JSON,
// {"call":"user_status","args":[1]}, and answers each with a line: {"result":…},
// or {"error":…} with what the package passes to its callback. A name with a dot
// is a method of phones().
const { createInterface } = require('node:readline');

const [, , host, key] = process.argv;
const client = require("authy")(key, host);

function execute({ call, args }) {
  const [first, second] = call.split('.');
  const [object, name] = second ? [client[first](), second] : [client, first];
  return new Promise((done) => {
    object[name](...args, (error, result) => done(error ? { error } : { result }));
  });
}

(async () => {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await execute(JSON.parse(line)))}\n`);
  }
  process.exit(); // without waiting for idle connections
})();
