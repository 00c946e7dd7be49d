import assert from "node:assert/strict";
import { Connection, parseRequest, parseResponse } from "wscodec";
import { data, expect, prefixes } from "./values.js";

/** A head is incomplete before the byte that completes it or proves its error. */
function parsedAtItsLastByte(vector, head, parse) {
    const at = vector.error_at ?? head.length - 1;
    for (const size of prefixes(head.length, at)) {
        if (size <= at) assert.equal(parse(head.subarray(0, size)), null);
        else expect(vector, () => assert.notEqual(parse(head.subarray(0, size)), null));
    }
}

function assertFields(read, fields = {}, parts) {
    for (const [name, value] of Object.entries(fields)) {
        const found = read[name === "http_version" ? "httpVersion" : name];
        const wanted = typeof value === "number" || value === null ? value : text(value, parts);
        // A response without a reason may have an empty one.
        assert.equal(found === "" ? null : found, wanted === "" ? null : wanted, name);
    }
}

function text(value, parts) {
    return data(value, parts).toString("latin1");
}

/** What is read although it is not what was expected: the member of the error. */
function read(vector, code, member, parse) {
    if (vector.error === undefined) return parse();
    if (vector.error !== code) return undefined;
    try {
        return parse();
    } catch (error) {
        return error[member];
    }
}

function requests(vector, parts) {
    const head = data(vector.request, parts);
    parsedAtItsLastByte(vector, head, parseRequest);
    const request = read(vector, "WS_ERR_NOT_UPGRADE", "request", () => parseRequest(head));
    assertFields(request, vector.fields, parts);
    if (!vector.error) assert.equal(request.length, head.length);
}

function responses(vector, parts) {
    const [request, head] = [data(vector.request, parts), data(vector.response, parts)];
    const parse = (part) => parseResponse(part, request);
    parsedAtItsLastByte(vector, head, parse);
    const response = read(vector, "WS_ERR_HANDSHAKE_STATUS", "response", () => parse(head));
    assertFields(response, vector.fields, parts);
    if (!vector.error) assert.equal(response.length, head.length);
}

function policies(vector, parts) {
    const { origins, protocols, need_protocol: needProtocol } = vector.policy ?? {};
    const accepted = Connection.accept(data(vector.request, parts), {
        origins: origins?.split(" "),
        protocols: protocols?.split(/ *, */),
        needProtocol,
    });
    if (vector.error) {
        assert.equal(accepted.error.code, vector.error);
        assert.equal(accepted.error.httpStatus, vector.status);
        assert(accepted.reply.toString().startsWith(`HTTP/1.1 ${vector.status} `));
        assert.equal(accepted.connection, null);
    } else {
        assert.equal(accepted.connection.protocol, vector.protocol);
        accepted.connection.free();
    }
}

export const heads = { requests, responses, policies };
