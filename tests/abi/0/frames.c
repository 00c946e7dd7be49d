/* Frames one at a time, the decoder, and replies to control frames. */
#include "program.h"

static const unsigned char key[4] = {0x37, 0xfa, 0x21, 0x3d};
#define MASKED_HELLO "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
#define MASKED_PING "\x89\x80\0\0\0\0"
#define MASKED_CLOSE "\x88\x85\0\0\0\0\x03\xe9" "bye"

void check_frames(void)
{
    unsigned char wire[32];
    ws_frame frame;
    ws_out_frame frames[2];
    size_t written = 0;

    CHECK_U64(ws_frame_size(5, 1), 11);
    CHECK_EQ(ws_frame_encode(WS_OPCODE_TEXT, WS_FIN, key, "Hello", 5, wire, sizeof wire), 11);
    CHECK_MEM(wire, MASKED_HELLO, 11);
    CHECK_EQ(ws_frame_decode(wire, 11, WS_SERVER, &frame), 11);
    CHECK_U64(frame.payload_len, 5);
    CHECK_U64(frame.chunk_off, 6);
    CHECK_U64(frame.chunk_len, 5);
    CHECK_MEM(frame.mask_key, key, 4);
    CHECK_EQ(frame.opcode, WS_OPCODE_TEXT);
    CHECK_EQ(frame.flags & (WS_FIN | WS_MASKED | WS_BEGIN | WS_END),
             WS_FIN | WS_MASKED | WS_BEGIN | WS_END);
    CHECK_EQ(frame.header_len, 6);
    CHECK_MEM(wire + 6, "Hello", 5);
    CHECK_EQ(ws_frame_header(WS_OPCODE_BINARY, WS_FIN, NULL, 126, wire, sizeof wire), 4);
    CHECK_MEM(wire, "\x82\x7e\x00\x7e", 4);

    memset(frames, 0, sizeof frames);
    frames[0].payload = "Hel";
    frames[0].payload_len = 3;
    frames[0].opcode = WS_OPCODE_TEXT;
    frames[1].payload = "lo";
    frames[1].payload_len = 2;
    frames[1].flags = WS_FIN | WS_MASKED;
    CHECK_EQ(ws_frames_encode(frames, 2, wire, sizeof wire, &written), 2);
    CHECK_EQ(written, 13);
    CHECK_MEM(wire, "\x01\x03" "Hel\x80\x82\0\0\0\0lo", 13);
}

void check_decoder(void)
{
    char wire[] = MASKED_HELLO MASKED_PING;
    ws_decoder decoder;
    ws_frame frames[4];
    size_t used = 0;

    CHECK_EQ(ws_decoder_init(&decoder, WS_SERVER, 1000), WS_OK);
    CHECK_EQ(ws_decoder_feed(&decoder, wire, 7, frames, 4, &used), 1);
    CHECK_EQ(used, 7);
    CHECK_EQ(ws_decoder_finish(&decoder), WS_ERR_EOF);
    CHECK_EQ(ws_decoder_feed(&decoder, wire + 7, sizeof wire - 8, frames, 4, &used), 2);
    CHECK_EQ(used, sizeof wire - 8);
    CHECK_U64(frames[0].chunk_pos, 1);
    CHECK_U64(frames[0].chunk_len, 4);
    CHECK_EQ(frames[0].message_opcode, WS_OPCODE_TEXT);
    CHECK_EQ(frames[1].opcode, WS_OPCODE_PING);
    CHECK_MEM(wire + 6, "Hello", 5);
    CHECK_EQ(ws_decoder_finish(&decoder), WS_OK);
}

void check_control(void)
{
    char wire[] = MASKED_PING MASKED_CLOSE, out[WS_MAX_OUTPUT], reason[WS_MAX_CONTROL];
    ws_decoder decoder = {{0}};
    ws_control control;
    ws_frame frames[4];
    size_t used = 0;

    memset(&control, 0, sizeof control);
    CHECK_EQ(ws_decoder_feed(&decoder, wire, sizeof wire - 1, frames, 4, &used), 2);
    CHECK_EQ(ws_control_feed(&control, &frames[0], wire, NULL, out, sizeof out), 2);
    CHECK_MEM(out, "\x8a\x00", 2);
    CHECK_EQ(ws_control_close(&control, WS_CLOSE_NORMAL, NULL, 0, NULL, out, sizeof out), 4);
    CHECK_MEM(out, "\x88\x02\x03\xe8", 4);
    CHECK_EQ(ws_control_feed(&control, &frames[1], wire, NULL, out, sizeof out), 0);
    CHECK_EQ(ws_control_close_code(&control), WS_CLOSE_GOING_AWAY);
    CHECK_EQ(ws_control_reason(&control, reason, sizeof reason), 3);
    CHECK_MEM(reason, "bye", 3);
}
