// Calls a function of the page's own modules: `node call.mjs MODULE FUNCTION < arguments.json > result.json`.
// FUNCTION is an expression in which the module's exports have their names: "softmax", "(x) => softmax(x).sum".
// {"float32": [...]} among the arguments becomes a Float32Array; typed arrays in the result become lists.

const [url, expression] = process.argv.slice(2);
let input = '';
for await (const piece of process.stdin) input += piece;
const values = JSON.parse(input, (_, value) => (value?.float32 ? Float32Array.from(value.float32) : value));
const module = await import(url);
const result = new Function(...Object.keys(module), `return ${expression}`)(...Object.values(module))(...values);
process.stdout.write(JSON.stringify(result, (_, value) => (ArrayBuffer.isView(value) ? Array.from(value) : value)));
