#include "chat.h"

#include "join.h"
#include "room.h"
#include "say.h"
#include "websocket.h"

void chat_message(client *c, int opcode, const void *data, size_t len) {
    message m = {0};
    const char *why = "not a text";
    int code = opcode == WS_OPCODE_TEXT ? message_parse(data, len, &m, &why)
                                        : WS_CLOSE_INVALID_DATA;
    if (code == 0 && m.type == SAY && !c->room) {
        code = WS_CLOSE_POLICY;
        why = "say before join";
    }
    if (code != 0)
        client_close(c, (uint16_t)code, why);
    else if (m.type == JOIN)
        join_start(c, &m.join);
    else
        say_start(c, &m.say);
    message_free(&m);
}

void chat_leave(client *c) {
    if (c->join)
        join_cancel(c->join);
    if (c->say)
        say_cancel(c->say);
    room_remove(c);
}
