/* An echo server on uWebSockets, as in its examples. Its loop gathers what is sent
 * during one read and sends it in one piece, without being asked to.
 *
 *   uws [--threads COUNT] [--shared | --dedicated] PORT
 *
 * With several threads, each has its own loop and its own socket that listens, as in
 * EchoServerThreaded.cpp. --shared and --dedicated compress, without and with context
 * takeover. */
#include <App.h>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

struct nothing {}; /* of our own per connection */

static void serve(int port, int compression) {
    uWS::App()
        .ws<nothing>(
            "/*",
            {
                .compression = static_cast<uWS::CompressOptions>(compression),
                .maxPayloadLength = 16 << 20,
                .idleTimeout = 0,
                .maxBackpressure = 64 << 20,
                .sendPingsAutomatically = false,
                .message =
                    [=](auto *ws, std::string_view message, uWS::OpCode opcode) {
                        ws->send(message, opcode, compression != uWS::DISABLED);
                    },
            })
        .listen("127.0.0.1", port,
                [](auto *socket) {
                    if (!socket)
                        exit(1);
                })
        .run();
}

int main(int argc, char **argv) {
    int port = argc > 1 ? atoi(argv[argc - 1]) : 0;
    int threads = 1, compression = uWS::DISABLED;
    for (int i = 1; i < argc - 1; i++) {
        if (strcmp(argv[i], "--threads") == 0 && i + 2 < argc)
            threads = atoi(argv[++i]);
        else if (strcmp(argv[i], "--shared") == 0)
            compression = uWS::SHARED_COMPRESSOR | uWS::SHARED_DECOMPRESSOR;
        else if (strcmp(argv[i], "--dedicated") == 0)
            compression = uWS::DEDICATED_COMPRESSOR | uWS::DEDICATED_DECOMPRESSOR;
        else
            return 2;
    }
    std::vector<std::thread> others;
    for (int i = 1; i < threads; i++)
        others.emplace_back(serve, port, compression);
    serve(port, compression);
}
