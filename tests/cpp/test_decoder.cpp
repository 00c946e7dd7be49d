// The decoder in a class of an application: messages from chunks, and copies.
#include "wscodec.h"

#include "check.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

using Bytes = std::vector<unsigned char>;
using Message = std::pair<int, std::string>; // opcode, payload

static const unsigned char mask[4] = {0x37, 0xfa, 0x21, 0x3d};

static void append(Bytes &wire, int opcode, unsigned flags,
                   const std::string &payload)
{
    const std::size_t size =
        static_cast<std::size_t>(ws_frame_size(payload.size(), 1));
    const std::size_t before = wire.size();
    wire.resize(before + size);
    CHECK_EQ(ws_frame_encode(opcode, flags, mask, payload.data(),
                             payload.size(), wire.data() + before, size),
             size);
}

// Joins fragments; control frames may come between them.
class Receiver {
public:
    Receiver() : decoder_(), failure_(0) {}

    // False after an error.
    bool feed(Bytes piece)
    {
        std::vector<ws_frame> frames(4);
        std::size_t done = 0, used = 0;
        ws_result n;
        while ((n = ws_decoder_feed(&decoder_, piece.data() + done,
                                    piece.size() - done, frames.data(),
                                    frames.size(), &used)) > 0) {
            for (std::size_t i = 0; i < static_cast<std::size_t>(n); i++) {
                read_chunk(frames[i], piece.data() + done + frames[i].chunk_off);
            }
            done += used;
        }
        failure_ = n;
        return n == 0;
    }

    const std::vector<Message> &messages() const { return messages_; }
    ws_result failure() const { return failure_; }
    ws_result finish() const { return ws_decoder_finish(&decoder_); }

private:
  void read_chunk(const ws_frame &frame, const unsigned char *chunk)
  {
      const bool control = frame.opcode >= WS_OPCODE_CLOSE;
      Message &open = control ? control_ : data_;
      if ((frame.flags & WS_BEGIN) != 0 && frame.opcode != WS_OPCODE_CONTINUATION) {
          open = Message(frame.opcode, std::string());
      }
      open.second.append(chunk, chunk + static_cast<std::ptrdiff_t>(frame.chunk_len));
      if ((frame.flags & (WS_END | WS_FIN)) == (WS_END | WS_FIN)) {
          messages_.push_back(open);
      }
    }

    ws_decoder decoder_; // Zeroed: a fresh one of a server.
    ws_result failure_;
    Message data_, control_;
    std::vector<Message> messages_;
};

static const std::vector<Message> expected = {
    {WS_OPCODE_PING, "are you there?"},
    {WS_OPCODE_TEXT, "Hello, world"},
    {WS_OPCODE_BINARY, std::string(1000, 'b')},
    {WS_OPCODE_TEXT, ""},
    {WS_OPCODE_CLOSE, "\x03\xe8" "bye"},
};

int main(int, char **argv)
{
    Bytes wire;
    append(wire, WS_OPCODE_TEXT, 0, "Hello");
    append(wire, WS_OPCODE_PING, WS_FIN, "are you there?");
    append(wire, WS_OPCODE_CONTINUATION, 0, ", ");
    append(wire, WS_OPCODE_CONTINUATION, WS_FIN, "world");
    append(wire, WS_OPCODE_BINARY, WS_FIN, std::string(1000, 'b'));
    append(wire, WS_OPCODE_TEXT, WS_FIN, "");
    append(wire, WS_OPCODE_CLOSE, WS_FIN, "\x03\xe8" "bye");

    for (std::size_t step = 1; step <= wire.size() + 1; step++) {
        Receiver receiver;
        check_case("step", step, 0);
        for (std::size_t at = 0; at < wire.size(); at += step) {
            const std::size_t end = std::min(at + step, wire.size());
            CHECK(receiver.feed(
                Bytes(wire.begin() + static_cast<std::ptrdiff_t>(at),
                      wire.begin() + static_cast<std::ptrdiff_t>(end))));
        }
        CHECK(receiver.messages() == expected);
        CHECK_EQ(receiver.finish(), WS_OK);

        // A receiver is a value: a copy continues independently.
        Receiver copy = receiver;
        CHECK(copy.feed({0x8a, 0x80, 0, 0, 0, 0}));
        CHECK_U64(copy.messages().size(), expected.size() + 1);
        CHECK(!receiver.feed({0x8a, 0x00}));
        CHECK_EQ(receiver.failure(), WS_ERR_MASK);
        CHECK_EQ(receiver.finish(), WS_ERR_MASK);
        CHECK(!receiver.feed({0x8a, 0x80, 0, 0, 0, 0}));
        CHECK(receiver.messages() == expected);
    }
    return check_done(argv[0]);
}
