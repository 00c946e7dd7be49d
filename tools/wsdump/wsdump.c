/* wsdump: prints the WebSocket frames of a capture, or of a stream of bytes.
 *
 * Read options.h first (the command line), then stream.h (the frames that one side
 * sends), connection.h (the opening handshake), and report.h (the output). The bytes
 * come from files.h, or from capture.h through packet.h and tcp.h. clauses.h has the
 * clause of each error. */
#define _GNU_SOURCE
#include "capture.h"
#include "files.h"
#include "standard_streams.h"

/* The first byte of a capture starts neither a head nor a valid frame. */
static bool starts_capture(uint8_t first) {
    static const uint8_t starts[] = {0xa1, 0xd4, 0x4d, 0x0a};
    return memchr(starts, first, sizeof starts) != NULL;
}

static void read_file(const char *name) {
    input in = {.name = name, .file = open_input(name)};
    in.have = read_some(&in, read_buffer, 1);
    const bool captured = in.have > 0 && starts_capture(read_buffer[0]);
    if (options.filter && !captured)
        reject("--filter", "needs a capture");
    if (!captured) {
        read_stream(in, NULL);
        return;
    }
    ungetc(read_buffer[0], in.file);
    read_capture(name, in.file);
}

int main(int argc, char **argv) {
    reserve_standard_streams();
    read_options(argc, argv);
    choose_colours();
    if (options.interface)
        read_interface();
    else if (options.file)
        read_file(options.file);
    else
        read_sides();
    flush_output();
    return found_errors ? EXIT_ERRORS : EXIT_CLEAN;
}
