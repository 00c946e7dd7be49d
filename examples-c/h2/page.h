/* The page that a browser gets: it opens a WebSocket to the server that it is from.
 *
 * A browser opens a WebSocket over HTTP/2 only on a connection that exists already, and
 * on which the server has announced SETTINGS_ENABLE_CONNECT_PROTOCOL. The connection
 * that this page came over is one. */
#ifndef H2_PAGE_H
#define H2_PAGE_H

static const char PAGE[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\">\n"
    "<meta charset=\"utf-8\">\n"
    "<link rel=\"icon\" href=\"data:,\">\n"
    "<title>WebSocket echo</title>\n"
    "<form><input size=\"60\" autofocus> <button disabled>Send</button></form>\n"
    "<pre></pre>\n"
    "<script>\n"
    "const [form, input, button, pre] =\n"
    "    [\"form\", \"input\", \"button\", \"pre\"].map((tag) =>\n"
    "        document.querySelector(tag));\n"
    "const log = (text) => pre.append(text + \"\\n\");\n"
    "const [navigation] = performance.getEntriesByType(\"navigation\");\n"
    "log(\"page: \" + navigation.nextHopProtocol);\n"
    "const socket = new WebSocket(location.origin.replace(\"http\", \"ws\"));\n"
    "socket.onopen = () => {\n"
    "    log(\"open, extensions: \" + (socket.extensions || \"none\"));\n"
    "    button.disabled = false;\n"
    "};\n"
    "socket.onmessage = (event) => log(\"received: \" + event.data);\n"
    "socket.onclose = (event) => {\n"
    "    log(\"closed: \" + event.code + \" \" + event.reason);\n"
    "    button.disabled = true;\n"
    "};\n"
    "form.onsubmit = (event) => {\n"
    "    event.preventDefault();\n"
    "    socket.send(input.value);\n"
    "    input.value = \"\";\n"
    "};\n"
    "</script>\n"
    "</html>\n";

#endif
