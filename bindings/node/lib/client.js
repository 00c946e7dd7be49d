import net from "node:net";
import tls from "node:tls";
import { integer } from "./arguments.js";
import { Connection } from "./connection.js";
import { offerDeflate } from "./deflate.js";
import { buildRequest, HeadReader } from "./heads.js";
import { makeKey } from "./pieces.js";
import { WebSocket } from "./websocket.js";

const HANDSHAKE_TIMEOUT = 10_000;

/** Connects to a server. Resolves to a WebSocket after the opening handshake. */
export async function connect(url, options = {}) {
    const {
        protocols, headers, origin, handshakeTimeout = HANDSHAKE_TIMEOUT, closeTimeout, signal,
        tls: tlsOptions, ...connection
    } = options;
    integer(handshakeTimeout, "handshakeTimeout", 1, 2 ** 31 - 1);
    const { hostname, port, host, secure, target } = addressOf(url);
    const request = buildRequest({
        host, target, key: makeKey(), origin, protocols, headers,
        extensions: connection.deflate ? offerDeflate(connection.deflate) : undefined,
    });
    const address = { host: hostname, port, allowHalfOpen: true };
    const servername = net.isIP(hostname) ? undefined : hostname;
    const socket = secure
        ? tls.connect({ servername, ...tlsOptions, ...address })
        : net.connect(address);
    const socketOptions = { isClient: true, closeTimeout };
    try {
        const opened = await confirmed(socket, request, connection, handshakeTimeout, signal);
        return new WebSocket(socket, opened.connection, { ...socketOptions, rest: opened.rest });
    } catch (error) {
        socket.on("error", () => {});
        socket.destroy();
        throw error;
    }
}

function addressOf(url) {
    const { protocol, hostname, port, host, pathname, search, hash } = new URL(url);
    const secure = protocol === "wss:";
    if (!secure && protocol !== "ws:") throw new TypeError("url must start with ws: or wss:");
    if (hash) throw new TypeError("url must not have a fragment");
    return {
        secure,
        host,
        hostname: hostname.replace(/^\[|\]$/g, ""),
        port: Number(port || (secure ? 443 : 80)),
        target: pathname + search,
    };
}

/** Sends the request. Resolves to the connection, and what was read after the response. */
function confirmed(socket, request, options, timeout, signal) {
    const reader = new HeadReader();
    return new Promise((resolve, reject) => {
        const late = () => reject(new Error(`no response after ${timeout} ms`));
        const timer = setTimeout(late, timeout);
        socket.on("data", take).on("error", reject).on("end", ended);
        signal?.addEventListener("abort", abort);
        if (signal?.aborted) abort();
        socket.write(request);

        function abort() {
            finish(() => reject(signal.reason));
        }

        function ended() {
            finish(() => reject(new Error("the server closed before its response was complete")));
        }

        function finish(settle) {
            clearTimeout(timer);
            socket.off("data", take).off("error", reject).off("end", ended);
            signal?.removeEventListener("abort", abort);
            settle();
        }

        function take(chunk) {
            try {
                const head = reader.push(chunk);
                if (head === null) return;
                const { connection, headLength } = Connection.confirm(head, request, options);
                socket.pause();
                finish(() => resolve({ connection, rest: head.subarray(headLength) }));
            } catch (error) {
                finish(() => reject(error));
            }
        }
    });
}
