// Apple's push service for benchmarks: HTTP/2 with TLS on nghttp2, in a process of its own, so that what is
// measured is the client. Prints its port. Arguments: certificate, key, authority of the clients.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureServer } from "node:http2";

const [cert, key, ca] = process.argv.slice(2).map((path) => readFileSync(path));
const STREAMS_MAX = 1000; // as Apple


const server = createSecureServer({
  cert,
  key,
  ca,
  requestCert: true,
  settings: { maxConcurrentStreams: STREAMS_MAX },
});
server.on("stream", (stream, headers) => {
  stream.on("error", () => {});
  stream.resume();
  const good = headers[":method"] === "POST" && headers[":path"].startsWith("/3/device/") && headers["apns-topic"];
  stream.respond({ ":status": good ? 200 : 400, "apns-id": headers["apns-id"] ?? randomUUID() }, { endStream: true });
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`${server.address().port}\n`));
