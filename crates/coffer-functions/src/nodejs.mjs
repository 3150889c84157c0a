// The client of the Lambda Runtime API for Node: loads a handler and calls it with each event.

import { readFileSync, statSync } from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import util from "node:util";

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
let current;

function call(method, resource, body, headers = {}) {
  const { promise, resolve, reject } = withResolvers();
  const options = { host, port, agent, method, path: `/2018-06-01/runtime/${resource}` };
  const bytes = body === undefined ? undefined : Buffer.from(body);
  if (bytes !== undefined) {
    headers = { "Content-Type": "application/json", "Content-Length": bytes.length, ...headers };
  }
  const request = http.request({ ...options, headers }, (response) => {
    const pieces = [];
    response.on("data", (piece) => pieces.push(piece));
    response.on("error", reject);
    response.on("end", () => {
      resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(pieces) });
    });
  });
  request.on("error", reject);
  request.end(bytes);
  return promise;
}

// Promise.withResolvers is younger than the oldest Node that is served.
function withResolvers() {
  let resolve, reject;
  const promise = new Promise((...both) => ([resolve, reject] = both));
  return { promise, resolve, reject };
}

class RuntimeError extends Error {
  constructor(name, message) {
    super(message);
    this.name = name;
  }
}

function describe(error) {
  if (util.types.isNativeError(error) || error instanceof Error) {
    const trace = (error.stack ?? "").split("\n");
    return { errorType: error.name, errorMessage: error.message, trace };
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

function report(resource, error) {
  const described = describe(error);
  console.error(JSON.stringify(described));
  // Errors are called what their makers like, and headers take less than that.
  const kind = String(described.errorType).replace(/[^\x20-\x7e]/g, "?").slice(0, 256);
  const headers = { "Lambda-Runtime-Function-Error-Type": kind };
  return call("POST", resource, JSON.stringify(described), headers);
}

function fileOf(stem) {
  const isFile = (file) => statSync(file, { throwIfNoEntry: false })?.isFile();
  return [stem, `${stem}.js`, `${stem}.mjs`, `${stem}.cjs`].find(isFile);
}

async function load() {
  const name = process.env._HANDLER ?? "";
  const base = path.basename(name);
  const dot = base.indexOf(".");
  if (dot < 1 || name.split("/").includes("..")) {
    throw new RuntimeError("Runtime.MalformedHandlerName", "Bad handler");
  }
  const [stem, members] = [base.slice(0, dot), base.slice(dot + 1).split(".")];
  const folder = path.resolve(process.env.LAMBDA_TASK_ROOT, path.dirname(name));
  const file = fileOf(path.join(folder, stem));
  if (file === undefined) {
    const message = `Error: Cannot find module '${stem}'`;
    throw new RuntimeError("Runtime.ImportModuleError", message);
  }
  const module = await importModule(file);
  const found = [module, module.default].map((root) =>
    members.reduce((within, member) => within?.[member], root),
  );
  const handler = found.find((value) => value !== undefined);
  if (typeof handler !== "function") {
    const what = handler === undefined ? "undefined or not exported" : "not a function";
    throw new RuntimeError("Runtime.HandlerNotFound", `${name} is ${what}`);
  }
  return handler;
}

async function importModule(file) {
  try {
    // A module without a type of its own is CommonJS here, whatever is in it.
    const isModule = file.endsWith(".mjs") || (file.endsWith(".js") && isOfModules(file));
    return isModule ? await import(pathToFileURL(file)) : createRequire(file)(file);
  } catch (error) {
    const isSyntax = error instanceof SyntaxError;
    const kind = isSyntax ? "Runtime.UserCodeSyntaxError" : "Runtime.ImportModuleError";
    const isOurs = isSyntax || ["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"].includes(error?.code);
    throw isOurs ? new RuntimeError(kind, String(error)) : error;
  }
}

function isOfModules(file) {
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    try {
      return JSON.parse(readFileSync(path.join(folder, "package.json"))).type === "module";
    } catch {
      if (folder === process.env.LAMBDA_TASK_ROOT || folder === path.dirname(folder)) {
        return false;
      }
    }
  }
}

function contextOf(headers) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  const client = headers["lambda-runtime-client-context"];
  return {
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    callbackWaitsForEmptyEventLoop: true,
    clientContext: client === undefined ? undefined : JSON.parse(client),
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    getRemainingTimeInMillis: () => deadline - Date.now(),
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
  };
}

// A handler answers by a promise, or by its callback where it takes one.
function run(handler, event, context) {
  const { promise, resolve, reject } = withResolvers();
  const callback = (error, result) => (error ? reject(error) : resolve(result));
  const returned = handler(event, context, callback);
  if (typeof returned?.then === "function") {
    returned.then(resolve, reject);
  } else if (handler.length < 3) {
    resolve(returned);
  }
  return promise;
}

async function serve(handler) {
  for (;;) {
    const { headers, body } = await call("GET", "invocation/next");
    const context = contextOf(headers);
    current = context.awsRequestId;
    const trace = headers["lambda-runtime-trace-id"];
    if (trace === undefined) {
      delete process.env._X_AMZN_TRACE_ID;
    } else {
      process.env._X_AMZN_TRACE_ID = trace;
    }
    try {
      const event = body.length === 0 ? {} : JSON.parse(body.toString());
      const answer = JSON.stringify(await run(handler, event, context)) ?? "null";
      const { status, body: refusal } = await call("POST", `invocation/${current}/response`, answer);
      if (status >= 400) {
        console.error(`the answer was refused: ${refusal}`);
      }
    } catch (error) {
      await report(`invocation/${current}/error`, error);
    }
    current = undefined;
  }
}

// Lines of the log begin as on AWS, and stay one line.
function patchConsole() {
  const levels = { debug: "DEBUG", error: "ERROR", info: "INFO", log: "INFO", trace: "TRACE" };
  for (const [name, level] of Object.entries({ ...levels, warn: "WARN" })) {
    console[name] = (...values) => {
      const text = util.format(...values).replaceAll("\n", "\r");
      process.stdout.write(`${new Date().toISOString()}\t${current}\t${level}\t${text}\n`);
    };
  }
}

async function die(code, error) {
  try {
    await report(current === undefined ? "init/error" : `invocation/${current}/error`, error);
  } finally {
    process.exit(code);
  }
}

patchConsole();
process.on("uncaughtException", (error) => die(129, error));
process.on("unhandledRejection", (reason) => {
  die(128, new RuntimeError("Runtime.UnhandledPromiseRejection", String(reason)));
});
try {
  await serve(await load());
} catch (error) {
  await die(1, error);
}
