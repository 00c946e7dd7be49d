// The library, loaded with koffi. Each worker thread evaluates this module and has its own.

import koffi from "koffi";
import { constants, functions, structs } from "./declarations.js";

const FILES = { darwin: "libwscodec.0.dylib", win32: "wscodec.dll" };
const FILE = process.env.WSCODEC_LIBRARY ?? FILES[process.platform] ?? "libwscodec.so.0";
const NOTATION = /^(?:_(Out|Inout)_ )?(const )?(\w+)(?: (\*+))?(?:\[(\d+)\])?$/;

const library = load();
const types = { ptrdiff_t: "intptr_t", ws_result: "intptr_t" };

function load() {
    try {
        return koffi.load(FILE);
    } catch (error) {
        const hint = "make the linker find it, or name the file in WSCODEC_LIBRARY";
        throw new Error(`cannot load ${FILE}: ${hint}`, { cause: error });
    }
}

function typeOf(notation) {
    const [, direction, constant, name, stars, count] = NOTATION.exec(notation);
    if (constant && name === "char") return "const char *";
    let type = types[name] ?? name;
    for (const _ of stars ?? "") type = koffi.pointer(type);
    if (count) type = koffi.array(type, Number(count));
    if (direction) type = direction === "Out" ? koffi.out(type) : koffi.inout(type);
    return type;
}

function declare() {
    for (const [name, fields] of Object.entries(structs)) {
        const entries = Object.entries(fields).map(([field, type]) => [field, typeOf(type)]);
        types[name] = koffi.struct(Object.fromEntries(entries));
    }
    const declared = {};
    for (const [name, [result, parameters]] of Object.entries(functions)) {
        declared[name] = library.func(name, typeOf(result), parameters.map(typeOf));
    }
    return declared;
}

/** The functions of wscodec.h. A parameter `void *` takes a Buffer, an address, or null. */
export const ws = declare();

/** ws_conn_send(), with `out` as a number: the fastest way to pass an address. */
export const sendTo = library.func("ws_conn_send", "intptr_t", [
    ...functions.ws_conn_send[1].slice(0, 5).map(typeOf),
    "uintptr_t",
    "size_t",
]);

export function sizeOf(struct) {
    return koffi.sizeof(types[struct]);
}

/** The i-th struct of an array in a Buffer. */
export function structAt(struct, buffer, i) {
    return koffi.decode(buffer, i * sizeOf(struct), types[struct]);
}

/** The address of the memory of a Buffer, which must outlive it. */
export function addressOf(buffer) {
    return koffi.address(buffer);
}

for (const name of Object.keys(structs)) {
    const type = constants[name.toUpperCase().replace("WS_", "WS_TYPE_")];
    if (type !== undefined && ws.ws_sizeof(type) < sizeOf(name)) {
        throw new Error(`${FILE} (${ws.ws_version_string()}) is older than this package`);
    }
}

/** The version of the loaded library, such as "0.1.0". */
export const version = ws.ws_version_string();
